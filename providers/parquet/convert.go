package parquet

import (
	"sort"
	"strconv"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// conversion turns arrays as they are in a file into arrays of columns, noting rows that do not fit.
type conversion struct{ bad map[int]string }

// place is where in a row an array's values stand.
type place struct {
	path string
	row  func(i int) int // the row that the value at i belongs to
}

func (c *conversion) refuse(at place, i int, reason string) {
	row := at.row(i)
	if _, there := c.bad[row]; !there {
		c.bad[row] = reason
	}
}

func (c *conversion) convert(src arrow.Array, t coltype.Type, at place) arrow.Array {
	if src.DataType().ID() == arrow.NULL { // such an array has no bitmap that would say so
		return array.MakeArrayOfNull(memory.DefaultAllocator, arrowschema.FromType(t), src.Len())
	}
	src = stored(src, t)
	switch s := src.(type) {
	case *array.List:
		if t.Kind == coltype.List {
			return c.list(s, t, at)
		}
	case *array.Map:
		if t.Kind == coltype.Map {
			return c.mapping(s, t, at)
		}
	case *array.Struct:
		if t.Kind == coltype.Struct {
			return c.object(s, t, at)
		}
	case array.ListLike:
		if l := plainList(s); t.Kind == coltype.List && l != nil {
			return c.list(l, t, at)
		}
	}
	if arrow.TypeEqual(src.DataType(), arrowschema.FromType(t)) && !broken(src) {
		src.Retain()
		return src
	}
	if converted := c.direct(src, t, at); converted != nil {
		return converted
	}
	return c.textual(src, t, at)
}

// stored is what an extension type stores, but for UUIDs, which are more than their bytes to a UUID or a text.
func stored(src arrow.Array, t coltype.Type) arrow.Array {
	ext, ok := src.(array.ExtensionArray)
	if !ok || t.Kind == coltype.UUID {
		return src
	}
	if _, id := src.(*extensions.UUIDArray); id && t.Kind == coltype.String {
		return src
	}
	return ext.Storage()
}

// list converts the elements and keeps the offsets.
func (c *conversion) list(src *array.List, t coltype.Type, at place) arrow.Array {
	element := place{path: at.path + "[]", row: elementRow(src.Offsets(), src.Offset(), src.Len(), at.row)}
	values := c.convert(src.ListValues(), t.Elem.Type, element)
	buffers := []*memory.Buffer{src.Data().Buffers()[0], src.Data().Buffers()[1]}
	return array.NewListData(array.NewData(arrowschema.FromType(t), src.Len(), buffers, []arrow.ArrayData{values.Data()},
		src.NullN(), src.Offset()))
}

// elementRow finds the row of an element by the offsets of the lists.
func elementRow(offsets []int32, offset, n int, row func(int) int) func(int) int {
	return func(i int) int {
		list := sort.Search(n, func(l int) bool { return int(offsets[offset+l+1]) > i })
		return row(min(list, n-1))
	}
}

func (c *conversion) mapping(src *array.Map, t coltype.Type, at place) arrow.Array {
	rowOf := elementRow(src.Offsets(), src.Offset(), src.Len(), at.row)
	keys := c.convert(src.Keys(), t.Key.Type, place{at.path + "[key]", rowOf})
	items := c.convert(src.Items(), t.Elem.Type, place{at.path + "[]", rowOf})
	mapType := arrowschema.FromType(t).(*arrow.MapType)
	entries := array.NewData(mapType.Elem(), keys.Len(), []*memory.Buffer{nil}, []arrow.ArrayData{keys.Data(), items.Data()}, 0, 0)
	buffers := []*memory.Buffer{src.Data().Buffers()[0], src.Data().Buffers()[1]}
	return array.NewMapData(array.NewData(mapType, src.Len(), buffers, []arrow.ArrayData{entries}, src.NullN(), src.Offset()))
}

// object takes fields by name. What a file lacks is null.
func (c *conversion) object(src *array.Struct, t coltype.Type, at place) arrow.Array {
	from := src.DataType().(*arrow.StructType)
	children := make([]arrow.ArrayData, len(t.Fields))
	for i, f := range t.Fields {
		index, ok := from.FieldIdx(f.Name)
		if !ok {
			children[i] = array.MakeArrayOfNull(memory.DefaultAllocator, arrowschema.FromType(f.Type), src.Len()).Data()
			continue
		}
		children[i] = c.convert(src.Field(index), f.Type, place{at.path + "." + f.Name, at.row}).Data()
	}
	return array.NewStructData(array.NewData(arrowschema.FromType(t), src.Len(), []*memory.Buffer{validity(src)}, children, src.NullN(), 0))
}

// validity is an array's bitmap of its own, from bit 0.
func validity(src arrow.Array) *memory.Buffer {
	if src.NullN() == 0 {
		return nil
	}
	bits := make([]byte, bitutil.BytesForBits(int64(src.Len())))
	bitutil.CopyBitmap(src.NullBitmapBytes(), src.Data().Offset(), src.Len(), bits, 0)
	return memory.NewBufferBytes(bits)
}

func quote(text string) string { return strconv.Quote(text) }
