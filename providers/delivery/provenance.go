package delivery

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/sdk"
)

// provenance makes the columns that say where a row came from. The host names and numbers them; their order is fixed.
type provenance struct {
	runID    string
	loadedAt int64
}

func newProvenance(s *sdk.Staging) provenance {
	return provenance{runID: s.RunID, loadedAt: s.LoadedAt}
}

// schema is the columns' schema as they are written: with repeated texts as dictionaries.
func (p provenance) schema(columns *arrow.Schema, own int) *arrow.Schema {
	fields := append([]arrow.Field(nil), columns.Fields()...)
	for _, i := range []int{own, own + 2} {
		fields[i].Type = repeatedType
	}
	return arrow.NewSchema(fields, nil)
}

// columns are run, time of loading, source and record number for each of n rows.
func (p provenance) columns(rows Rows) []arrow.Array {
	n := int(rows.Record.NumRows())
	numbers := rows.Numbers.List
	if numbers == nil {
		numbers = make([]int64, n)
		for i := range numbers {
			numbers[i] = rows.Numbers.First + int64(i)
		}
	}
	loaded := make([]int64, n)
	for i := range loaded {
		loaded[i] = p.loadedAt
	}
	return []arrow.Array{
		repeated(p.runID, n),
		fixed(arrow.FixedWidthTypes.Timestamp_us, loaded),
		repeated(rows.Source, n),
		fixed(arrow.PrimitiveTypes.Int64, numbers),
	}
}

// repeatedType is how a text that is the same in all rows of a batch travels to the Parquet writer, which then has
// nothing to compare. In the file it is an ordinary string.
var repeatedType = &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int32, ValueType: arrow.BinaryTypes.String}

func repeated(text string, n int) arrow.Array {
	offsets := []int32{0, int32(len(text))}
	dictionary := array.NewStringData(array.NewData(arrow.BinaryTypes.String, 1, []*memory.Buffer{
		nil, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)), memory.NewBufferBytes([]byte(text)),
	}, nil, 0, 0))
	indices := array.NewInt32Data(array.NewData(arrow.PrimitiveTypes.Int32, n, []*memory.Buffer{
		nil, memory.NewBufferBytes(make([]byte, n*arrow.Int32SizeBytes)),
	}, nil, 0, 0))
	return array.NewDictionaryArray(repeatedType, indices, dictionary)
}

func fixed(t arrow.DataType, values []int64) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(values))}
	return array.MakeFromData(array.NewData(t, len(values), buffers, nil, 0, 0))
}
