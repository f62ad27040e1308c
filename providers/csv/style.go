package csv

import (
	"bytes"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/filesource"
	"github.com/automic-etl/etl/providers/textvalue"
)

// numberStyle is how numbers are written.
type numberStyle struct{ comma bool }

func decodeNumberStyle(cfg sdk.Config) numberStyle {
	return numberStyle{comma: attribute.Text(cfg.Source, "decimal_separator", ".") == ","}
}

// normal writes a number with a point into scratch. A number that has a point already is refused by making it none.
func (s numberStyle) normal(b, scratch []byte) []byte {
	if !s.comma {
		return b
	}
	if bytes.IndexByte(b, '.') >= 0 {
		return append(append(scratch[:0], b...), '?')
	}
	i := bytes.IndexByte(b, ',')
	if i < 0 {
		return b
	}
	scratch = append(scratch[:0], b...)
	scratch[i] = '.'
	return scratch
}

// clockStyle is how dates and timestamps are written; without a layout, in ISO 8601.
type clockStyle struct {
	date, timestamp *textvalue.Layout
}

func decodeClockStyle(cfg sdk.Config) (clockStyle, sdk.Diagnostics) {
	date, diags := layout(cfg, "date_format")
	timestamp, more := layout(cfg, "timestamp_format")
	return clockStyle{date, timestamp}, append(diags, more...)
}

func layout(cfg sdk.Config, name string) (*textvalue.Layout, sdk.Diagnostics) {
	format := attribute.Text(cfg.Source, name, "")
	if format == "" {
		return nil, nil
	}
	l, err := textvalue.ParseLayout(format)
	if err != nil {
		return nil, filesource.Problem("Invalid format", fmt.Sprintf("For %s, %s.", name, err), name)
	}
	return &l, nil
}

// String is the style's part of a key.
func (s clockStyle) String() string {
	out := ""
	for _, l := range []*textvalue.Layout{s.date, s.timestamp} {
		if l != nil {
			out += l.String()
		}
		out += "|"
	}
	return out
}

func (s clockStyle) readDate(b []byte) (int32, bool) {
	if s.date != nil {
		return s.date.Date(b)
	}
	return textvalue.Date(b)
}

func (s clockStyle) readTimestamp(b []byte) (int64, bool) {
	if s.timestamp != nil && !s.timestamp.Zoned() {
		if t, ok := s.timestamp.Timestamp(b); ok {
			return t, true
		}
		days, ok := s.readDate(b)
		return int64(days) * 86_400_000_000, ok
	}
	if s.date != nil {
		if days, ok := s.date.Date(b); ok {
			return int64(days) * 86_400_000_000, true
		}
	}
	return textvalue.Timestamp(b)
}

func (s clockStyle) readTimestamptz(b []byte) (int64, bool) {
	if s.timestamp != nil && s.timestamp.Zoned() {
		return s.timestamp.Timestamp(b)
	}
	return textvalue.Timestamptz(b)
}

// classify recognises a value as textvalue.Classify does, in the file's own styles.
func (d *dialect) classify(b, scratch []byte) textvalue.Evidence {
	if d.clock.date != nil {
		if _, ok := d.clock.date.Date(b); ok {
			return textvalue.SeenDate
		}
	}
	if l := d.clock.timestamp; l != nil {
		if _, ok := l.Timestamp(b); ok && l.Zoned() {
			return textvalue.SeenTimestamptz
		} else if ok {
			return textvalue.SeenTimestamp
		}
	}
	seen := textvalue.Classify(d.numbers.normal(b, scratch))
	if seen == textvalue.SeenDate && d.clock.date != nil {
		return textvalue.SeenString // of another style than the one that was asked for
	}
	return seen
}

// reason says why a text is no value of a type, and how values are to be written where that is not the default.
func (d *dialect) reason(name string, text []byte, t coltype.Type) string {
	plain := textvalue.NoValue(name, text, t)
	switch {
	case d.numbers.comma && (t.Kind == coltype.Float || t.Kind == coltype.Double || t.Kind == coltype.Decimal):
		return plain + " written with a decimal comma"
	case t.Kind == coltype.Date && d.clock.date != nil:
		return plain + " written as " + d.clock.date.String()
	case (t.Kind == coltype.Timestamp || t.Kind == coltype.Timestamptz) && d.clock.timestamp != nil:
		return plain + " written as " + d.clock.timestamp.String()
	}
	return textvalue.Reason(name, text, t)
}
