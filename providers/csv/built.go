package csv

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/jsonvalue"
	"github.com/automic-etl/etl/providers/textvalue"
)

// built converts the columns of types that are rare in CSV, value by value: nested ones are written as JSON.
func (c *converter) built(index int, name string, t coltype.Type) arrow.Array {
	builder := array.NewBuilder(memory.DefaultAllocator, arrowschema.FromType(t))
	defer builder.Release()
	for row := range c.good() {
		text := c.value(c.fields[row*c.width+index], c.scratch)
		if c.dialect.isNull(text) {
			builder.AppendNull()
			continue
		}
		c.append(builder, row, name, text, t)
	}
	return builder.NewArray()
}

func (c *converter) append(builder array.Builder, row int, name string, text []byte, t coltype.Type) {
	var ok bool
	switch b := builder.(type) {
	case *array.BooleanBuilder:
		var value bool
		if value, ok = textvalue.Boolean(text); ok {
			b.Append(value)
		}
	case *extensions.UUIDBuilder:
		var id [16]byte
		if id, ok = textvalue.UUID(text); ok {
			b.Append(id)
		}
	case *array.BinaryBuilder:
		var value []byte
		if value, ok = textvalue.Binary(text); ok {
			b.Append(value)
		}
	default:
		if err := jsonvalue.AppendText(builder, text, t, name); err != nil {
			c.reasonOnce(row, err.Error())
		}
		return
	}
	if !ok {
		c.refuse(row, name, text, t)
		builder.AppendNull()
	}
}

func (c *converter) reasonOnce(row int, reason string) {
	if _, there := c.reasons[row]; !there {
		c.reasons[row] = reason
	}
}

// batch converts all columns. Rows that can't be converted are taken out, and the conversion is done again without
// them: that happens to few blocks, and spares all others the care.
func (r *records) batch(schema *arrow.Schema, columns coltype.Schema, places []int, utf8 bool) arrow.RecordBatch {
	for {
		c := converter{records: r, utf8: utf8, reasons: map[int]string{}}
		arrays := make([]arrow.Array, len(columns))
		for i, column := range columns {
			arrays[i] = c.column(places[i], column.Name, column.Type)
		}
		if len(c.reasons) == 0 {
			return array.NewRecordBatch(schema, arrays, int64(r.good()))
		}
		r.drop(c.reasons)
	}
}
