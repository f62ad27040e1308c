package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
)

// changeRows collects changes of a table as it was described last.
type changeRows struct {
	telling *telling
	schema  *arrow.Schema
	columns []column.Column // as wanted
	names   []string
	places  []int // of each wanted column in a row of the server's; -1 where it has none
	told    []string
	key     []int // places of what identifies a row; nil: all of it
	marks   *marks
	count   int
	bytes   int
}

func newChangeRows(ctx context.Context, t *telling, m pgoutput.Relation) (*changeRows, error) {
	var oids []uint32
	for _, c := range m.Columns {
		oids = append(oids, c.Type)
	}
	types, err := catalog.LoadTypes(ctx, t.conn, oids)
	if err != nil {
		return nil, err
	}
	wanted := t.request.Columns[:len(t.request.Columns)-changeColumns]
	r := &changeRows{telling: t, schema: arrowschema.FromColumns(t.request.Columns), marks: newMarks()}
	for _, c := range m.Columns {
		r.told = append(r.told, c.Name)
	}
	for _, want := range wanted {
		place := slices.Index(r.told, want.Name)
		r.names, r.places = append(r.names, want.Name), append(r.places, place)
		if place < 0 {
			r.columns = append(r.columns, column.Absent(want.Type))
			continue
		}
		shape := types.Shape(m.Columns[place].Type, m.Columns[place].Typmod, 0)
		r.columns = append(r.columns, column.New(want.Type, shape, column.Text))
	}
	for _, name := range t.identity.key {
		if place := slices.Index(r.told, name); place >= 0 {
			r.key = append(r.key, place)
		}
	}
	return r, nil
}

// moved reports whether an update changed what identifies the row. Where nothing does, every update is another row.
func (r *changeRows) moved(m pgoutput.Update) bool {
	if r.key == nil {
		return true
	}
	for _, place := range r.key {
		if place >= len(m.Old) || place >= len(m.New) {
			return true
		}
		was, is := m.Old[place], m.New[place]
		if is.Kind != pgoutput.Unchanged && (was.Kind != is.Kind || !bytes.Equal(was.Data, is.Data)) {
			return true
		}
	}
	return false
}

// add takes a change. What the server doesn't tell since it is as before comes from what it told of the row before, if
// that is in there; else the column is named as unchanged. A row that can't be represented is returned.
func (r *changeRows) add(op string, values, before []pgoutput.Value) *sdk.BadRow {
	var unchanged []string
	at := position(r.telling.commit, r.telling.count)
	for i, c := range r.columns {
		place := r.places[i]
		if place < 0 || place >= len(values) {
			c.Null()
			continue
		}
		value := values[place]
		if value.Kind == pgoutput.Unchanged && place < len(before) && before[place].Kind == pgoutput.Text {
			value = before[place]
		}
		switch value.Kind {
		case pgoutput.Text:
			if reason := c.Append(value.Data); reason != nil {
				for _, done := range r.columns[:i] {
					done.Truncate(r.count)
				}
				return r.bad(values, op, "column "+quoteName(r.names[i])+": "+string(value.Data)+": "+reason.Error())
			}
			r.bytes += len(value.Data)
		case pgoutput.Unchanged:
			unchanged = append(unchanged, r.names[i])
			c.Null()
		default:
			c.Null()
		}
	}
	r.marks.add(op, at, r.telling.micros, unchanged)
	r.count++
	r.bytes += len(at) + len(op)
	return nil
}

// remove takes the deletion of a row, of which the key alone has to be representable. It reports false for a row that was
// never told, since its key is not.
func (r *changeRows) remove(values, before []pgoutput.Value) bool {
	if r.key == nil {
		return false
	}
	known := make([]pgoutput.Value, len(values))
	for place := range known {
		known[place].Kind = pgoutput.Null
		if slices.Contains(r.key, place) {
			known[place] = values[place]
		}
	}
	return r.add(sdk.Delete, known, before) == nil
}

// tells reports whether the key of a row can be represented.
func (r *changeRows) tells(values []pgoutput.Value) bool {
	for i, c := range r.columns {
		if place := r.places[i]; slices.Contains(r.key, place) && place < len(values) {
			reason := c.Append(values[place].Data)
			c.Truncate(r.count)
			if reason != nil {
				return false
			}
		}
	}
	return true
}

// partial describes a row under a new key of which the server tells only a part; nil where it tells all. What such a row was
// under a key that can't be represented was never told, so that nothing says what the rest of it is.
func (r *changeRows) partial(values []pgoutput.Value) *sdk.BadRow {
	for i, place := range r.places {
		if place >= 0 && place < len(values) && values[place].Kind == pgoutput.Unchanged {
			return r.bad(values, sdk.Insert, "column "+quoteName(r.names[i])+": the change leaves it out, since it stayed as it was, and the row was a bad row before, under a key that "+
				"can't be represented. It comes back when all its values are written at the source, or when the source is read anew: `etl apply -resnapshot`")
		}
	}
	return nil
}

func (r *changeRows) full() bool {
	return r.count >= r.telling.request.BatchSize || r.bytes >= batchBytes
}

// batch hands the changes over.
func (r *changeRows) batch() arrow.RecordBatch {
	own := make([]arrow.Array, len(r.columns))
	for i, c := range r.columns {
		own[i] = c.Array()
	}
	rows := r.count
	r.count, r.bytes = 0, 0
	return r.marks.record(r.schema, own, rows)
}

// bad describes a change that can't be represented.
func (r *changeRows) bad(values []pgoutput.Value, op, reason string) *sdk.BadRow {
	var raw strings.Builder
	raw.WriteByte('{')
	for place, value := range values {
		if place >= len(r.told) || value.Kind != pgoutput.Text {
			continue
		}
		if raw.Len() > 1 {
			raw.WriteString(", ")
		}
		raw.WriteString(quoteJSON(r.told[place]) + ": " + quoteJSON(string(value.Data)))
	}
	raw.WriteByte('}')
	return &sdk.BadRow{Raw: raw.String(), Reason: reason, Source: r.telling.source.label(), Position: r.where(values, op)}
}

// where is which change of which row it is.
func (r *changeRows) where(values []pgoutput.Value, op string) string {
	var key []string
	for _, place := range r.key {
		if place < len(values) {
			key = append(key, r.told[place]+"="+string(values[place].Data))
		}
	}
	where := fmt.Sprintf("%s at %s", op, position(r.telling.commit, r.telling.count))
	if key != nil {
		where = "key " + strings.Join(key, ", ") + ", " + where
	}
	return where
}
