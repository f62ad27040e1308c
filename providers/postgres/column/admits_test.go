package column

import (
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// samples are values of types as the server writes them.
func samples() map[string][]string {
	number := []string{"0", "1", "-7", "12345678901234567890123456789012"}
	return map[string][]string{
		"bool": {"t", "f"}, "int4": number, "numeric": append(number, "1.5", "NaN"), "float8": {"1", "10", "0.1", "1e-05", "-Infinity"}, "date": {"2026-01-02", "0044-03-15 BC"},
		"time": {"01:02:03", "01:02:03.5"}, "timetz": {"01:02:03+00"}, "timestamp": {"2026-01-02 03:04:05", "2026-01-02 00:00:00"}, "timestamptz": {"2026-01-02 03:04:05+00"},
		"uuid": {"12345678-1234-1234-1234-123456789abc"}, "bytea": {`\x00ff`, `\x`}, "money": {"$1.00", "-$1,234.56"}, "interval": {"P1Y", "PT0S"},
		"text": {"t", "1", "2026-01-02", "01:02:03", "2026-01-02 03:04:05", "2026-01-02 03:04:05+00", "12345678-1234-1234-1234-123456789abc", "00ff"},
	}
}

// TestAdmits holds what is said of types against what becomes of values: none is taken where none can be, and some is where some can.
func TestAdmits(t *testing.T) {
	wanted := []coltype.Type{coltype.DecimalOf(38, 2), coltype.ListOf(coltype.Of(coltype.Int)), coltype.StructOf(coltype.Field{Name: "a", Type: coltype.Of(coltype.Int)})}
	for _, kind := range []coltype.Kind{
		coltype.Boolean, coltype.Int, coltype.Long, coltype.Float, coltype.Double, coltype.Date, coltype.Time, coltype.Timestamp, coltype.Timestamptz, coltype.UUID, coltype.Binary, coltype.String,
	} {
		wanted = append(wanted, coltype.Of(kind))
	}
	for base, values := range samples() {
		shape := &Shape{Kind: Scalar, Base: base, Natural: coltype.Of(coltype.String)}
		for _, want := range wanted {
			taken := false
			for _, value := range values {
				taken = New(want, shape, Text).Append([]byte(value)) == nil || taken
			}
			admits := shape.Admits(want)
			rare := admits && want.Kind == coltype.UUID // a number of 32 digits may be one
			if admits != taken && !rare {
				t.Errorf("%s as %s: admitted %t, taken %t", base, want, admits, taken)
			}
		}
	}
}

// TestAdmitsNested looks into types that are made of others.
func TestAdmitsNested(t *testing.T) {
	number, moment := &Shape{Kind: Scalar, Base: "int4"}, &Shape{Kind: Scalar, Base: "timestamp"}
	list := &Shape{Kind: Array, Elem: moment, Delimiter: ','}
	pair := &Shape{Kind: Composite, Fields: []Field{{"a", number}, {"b", list}}}
	for _, test := range []struct {
		shape  *Shape
		want   string
		admits bool
	}{
		{list, "list(timestamptz)", true}, {list, "list(date)", false}, {list, "timestamp", false}, {list, "string", true}, {number, "list(int)", false},
		{pair, "object({ a = long, b = list(timestamp) })", true}, {pair, "object({ c = date })", true}, {pair, "object({ a = date })", false},
		{pair, "object({ b = list(long) })", false}, {pair, "list(int)", false}, {&Shape{Kind: JSONB}, "list(int)", true}, {&Shape{}, "int", true}, {&Shape{}, "list(int)", false},
	} {
		want, err := coltype.Parse(test.want)
		if err != nil {
			t.Fatal(err)
		}
		if got := test.shape.Admits(want); got != test.admits {
			t.Errorf("%+v as %s: %t", test.shape, test.want, got)
		}
	}
}
