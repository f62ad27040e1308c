package json

import (
	"bytes"
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	arrowarray "github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/jsonvalue"
)

// rows are the values of a piece, each of them one row.
type rows struct {
	reader *reader
	source string
	data   []byte
	items  []item
	strict bool // a syntax error is the whole file's, not a row's
	bad    map[int]string
	doc    jsonvalue.Document
}

func (r *reader) rows(p piece, source string, l layout) *rows {
	items := p.items
	if items == nil {
		items = lineItems(p.data, p.line)
	} else {
		items = slices.Clone(items)
	}
	return &rows{reader: r, source: source, data: p.data, items: items, strict: l == document, bad: map[int]string{}}
}

// lineItems are the lines that are not empty.
func lineItems(data []byte, line int64) []item {
	var items []item
	for pos := 0; pos < len(data); line++ {
		end := len(data)
		if i := bytes.IndexByte(data[pos:], '\n'); i >= 0 {
			end = pos + i
		}
		if skipBlank(data[:end], pos) < end {
			items = append(items, item{pos, end, line})
		}
		pos = end + 1
	}
	return items
}

// object parses an item. A nil value without an error is a bad row.
func (r *rows) object(i int) (*jsonvalue.Value, error) {
	at := r.items[i]
	if at.end-at.start > r.reader.maxRecord {
		r.refuse(i, fmt.Sprintf("the row has %d bytes, more than the %d that max_line_bytes allows", at.end-at.start, r.reader.maxRecord))
		return nil, nil
	}
	v, err := r.doc.Parse(r.data[at.start:at.end])
	if err != nil && r.strict {
		return nil, r.fatal(at, err)
	}
	if err != nil {
		r.refuse(i, "not valid JSON: "+err.Error())
		return nil, nil
	}
	if v.Kind != jsonvalue.Object {
		r.refuse(i, "the row is not an object, so that its values have no names")
		return nil, nil
	}
	return v, nil
}

func (r *rows) fatal(at item, err error) error {
	line, message := at.line, err.Error()
	var syntax *jsonvalue.SyntaxError
	if errors.As(err, &syntax) {
		line += int64(bytes.Count(r.data[at.start:at.start+syntax.Offset], []byte("\n")))
		column := syntax.Offset - bytes.LastIndexByte(r.data[at.start:at.start+syntax.Offset], '\n')
		message = fmt.Sprintf("at line %d, character %d: %s", line, column, syntax.Message)
	}
	return filesource.Problem("Broken JSON document", fmt.Sprintf("In %s, %s. Nothing of this file is loaded. Repair it, or, if each "+
		"line is a value of its own, write format = \"lines\" to load all others.", r.source, message), "path")
}

func (r *rows) refuse(i int, reason string) {
	if _, there := r.bad[i]; !there {
		r.bad[i] = reason
	}
}

// batch makes a record batch of the rows that fit. Rows that turn out not to fit while their values are appended are
// taken out by doing it again without them: that happens to few pieces.
func (r *rows) batch(schema *arrow.Schema, columns coltype.Schema) (arrow.RecordBatch, error) {
	places := make(map[string]int, len(columns))
	for i, c := range columns {
		places[c.Name] = i
	}
	for {
		before := len(r.bad)
		builder := arrowarray.NewRecordBuilder(memory.DefaultAllocator, schema)
		misfits, err := r.appendAll(builder, columns, places)
		if err != nil || misfits {
			builder.Release()
			if err != nil {
				return nil, err
			}
			if len(r.bad) == before {
				return nil, fmt.Errorf("a row was refused without a reason. This is a bug in etl")
			}
			continue
		}
		batch := builder.NewRecordBatch()
		builder.Release()
		return batch, nil
	}
}

func (r *rows) appendAll(builder *arrowarray.RecordBuilder, columns coltype.Schema, places map[string]int) (misfits bool, err error) {
	values := make([]*jsonvalue.Value, len(columns))
	for i := range r.items {
		if _, bad := r.bad[i]; bad {
			continue
		}
		v, err := r.object(i)
		if err != nil {
			return false, err
		}
		if v == nil {
			continue
		}
		clear(values)
		for child := range r.doc.Children(v) {
			if place, ok := places[string(child.Key)]; ok {
				values[place] = child
			}
		}
		for c, column := range columns {
			if err := r.doc.Append(builder.Field(c), values[c], column.Type, column.Name, r.reader.nulls); err != nil {
				r.refuse(i, err.Error())
				misfits = true
			}
		}
	}
	return misfits, nil
}

// ordinals are the places of the good rows among all, or nil if all are good.
func (r *rows) ordinals() []int32 {
	if len(r.bad) == 0 {
		return nil
	}
	out := make([]int32, 0, len(r.items)-len(r.bad))
	for i := range r.items {
		if _, bad := r.bad[i]; !bad {
			out = append(out, int32(i))
		}
	}
	return out
}

func (r *rows) badRows() []sdk.BadRow {
	var out []sdk.BadRow
	for i, at := range r.items {
		reason, bad := r.bad[i]
		if !bad {
			continue
		}
		raw := bytes.TrimSpace(r.data[at.start:at.end])
		out = append(out, sdk.BadRow{
			Raw: string(raw[:min(len(raw), rawLimit)]), Reason: reason, Source: r.source, Position: position(at.line),
		})
	}
	return out
}
