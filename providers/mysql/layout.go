package mysql

import (
	"database/sql/driver"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/mysql/cell"
)

// layout says which of a relation's columns are selected and where their values go.
type layout struct {
	source   string
	wanted   coltype.Schema
	schema   *arrow.Schema
	selected []column
	places   []int // of each wanted column among the selected; -1 where the source hasn't got it
	key      []int // of the key among the selected
	// spellings are set of rows of the log: some values look different there.
	spellings []func([]byte) (string, bool)
}

// newLayout selects the wanted columns, and the key, by which a bad row is named. Of a query it selects all, in order.
func newLayout(r *relation, wanted coltype.Schema) *layout {
	l := &layout{source: r.source, wanted: wanted, schema: arrowschema.FromColumns(wanted), places: make([]int, len(wanted))}
	if r.query != "" {
		l.selected = slices.Clone(r.all)
	}
	for i, field := range wanted {
		l.places[i] = l.selectColumn(r, field.Name)
	}
	for _, name := range r.key {
		if place := l.selectColumn(r, name); place >= 0 {
			l.key = append(l.key, place)
		}
	}
	return l
}

func (l *layout) selectColumn(r *relation, name string) int {
	if place := l.place(name); place >= 0 {
		return place
	}
	c, ok := r.column(name)
	if !ok {
		return -1
	}
	l.selected = append(l.selected, c)
	return len(l.selected) - 1
}

// place is where among the selected columns one is, or -1.
func (l *layout) place(name string) int {
	return slices.IndexFunc(l.selected, func(c column) bool { return c.name == name })
}

// list is what follows SELECT.
func (l *layout) list() string {
	if len(l.selected) == 0 {
		return "1"
	}
	names := make([]string, len(l.selected))
	for i, c := range l.selected {
		names[i] = c.name
	}
	return quoted(names)
}

// read fills cells with the values of a row. They are borrowed until the next one.
func (l *layout) read(values []driver.Value, cells []cell.Cell) {
	for i := range l.selected {
		l.selected[i].read(values[i], &cells[i])
	}
}

// read makes a cell of what the driver gives for the binary protocol.
func (c *column) read(v driver.Value, out *cell.Cell) {
	switch v := v.(type) {
	case nil:
		out.Kind = cell.Null
	case int64:
		out.Kind, out.Int = cell.Signed, v
	case uint64:
		out.Kind, out.Int = cell.Unsigned, int64(v)
	case float32:
		out.Kind, out.Float = cell.Single, float64(v)
	case float64:
		out.Kind, out.Float = cell.Double, v
	case []byte:
		c.readBytes(v, out)
	case string:
		c.readBytes([]byte(v), out)
	}
}

func (c *column) readBytes(v []byte, out *cell.Cell) {
	out.Bytes = v
	switch c.class {
	case integer, decimal: // an integer beyond int64 comes as digits
		out.Kind = cell.Decimal
	case date:
		c.readMoment(v, cell.Date, out)
	case datetime:
		c.readMoment(v, cell.DateTime, out)
	case instant:
		c.readMoment(v, cell.Instant, out)
	case clock:
		c.readMoment(v, cell.Clock, out)
	case set:
		out.Kind = cell.Set
	case bits:
		out.Kind, out.Int = cell.Unsigned, 0
		for _, b := range v {
			out.Int = out.Int<<8 | int64(b)
		}
	case geometry:
		out.Kind, out.Bytes = cell.Bytes, withoutSRID(v)
	case bytes:
		out.Kind = cell.Bytes
	default:
		out.Kind = cell.Text
	}
}

func (c *column) readMoment(v []byte, kind cell.Kind, out *cell.Cell) {
	moment, ok := cell.ParseMoment(v)
	if out.Kind, out.Moment = kind, moment; !ok {
		out.Kind = cell.Text
	}
}

// withoutSRID leaves the WKB of what the server stores as a number of a reference system and WKB.
func withoutSRID(v []byte) []byte {
	if len(v) < 4 {
		return v
	}
	return v[4:]
}
