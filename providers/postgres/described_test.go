package postgres

import (
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/catalog"
)

func columnsNamed(names string) coltype.Schema {
	var out coltype.Schema
	for _, name := range strings.Fields(names) {
		out = append(out, coltype.Field{Name: name, Type: coltype.Of(coltype.Int)})
	}
	return out
}

// TestMisnames holds descriptions from the log against what was recorded before and what the catalog has after.
func TestMisnames(t *testing.T) {
	before := numbers{"id": 1, "a": 2, "b": 3, "off": gone}
	live := func(names string, transaction uint32) *catalog.Attributes { // those after b are new
		a := &catalog.Attributes{}
		for i, name := range strings.Fields(names) {
			at := catalog.Attribute{Name: name, Number: i + 1, Written: transaction}
			if name == "-" {
				a.Dropped = append(a.Dropped, at)
				continue
			}
			a.Live = append(a.Live, at)
		}
		return a
	}
	const transaction = 100
	for _, test := range []struct {
		now     string
		written uint32
		told    string // descriptions, one after the other
		says    string
	}{
		{"id a b", 200, "id a b", ""},
		{"id a b", 200, "id b a", `"b" and "a" had other names for a while`},
		{"id a b", 200, "id x b", `"a" had another name for a while`},
		{"id - b", 200, "id a b", ""},
		{"id c b", 200, "id a b", ""}, // a column that was renamed is warned of otherwise
		{"id a b c", 200, "id a b", ""},
		{"id a b c", 200, "id a b x", `"c" was called otherwise while rows changed`},
		{"id a b c", 99, "id a b x", ""}, // x was nobody's name after the transaction that wrote c
		{"id a b - c", 200, "id a b x", ""},
		{"id a b - c", 200, "id a b x y", `"c" was called otherwise while rows changed`},
		{"id a b - c", 200, "id a b c", `"c" was dropped, and another column has its name`},
		{"id a b - c", 99, "id a b c", ""},
		{"id a b - c", 200, "id a b x c", ""},
		{"id a b - c", 200, "id a b x c; id a b c", ""}, // which c is known by now
		{"id a b c -", 200, "id a b c", ""},
		{"id a b c", 200, "id a b off", ""}, // not wanted, and recorded
		{"id a b c", 1<<31 + 99, "id a b x", `"c" was called otherwise while rows changed`},
		{"id a b c", 1<<31 + 101, "id a b x", ""},
	} {
		w := newWindow(place{Columns: before, Last: 3}, live(test.now, test.written), columnsNamed("id a b c"))
		var said []string
		for _, told := range strings.Split(test.told, "; ") {
			said = append(said, w.misnames(strings.Fields(told), transaction)...)
		}
		if strings.Join(said, "; ") != test.says {
			t.Errorf("%s, now %s: said %q", test.told, test.now, said)
		}
	}
	unrecorded := newWindow(place{}, live("id a b c", transaction), columnsNamed("id a b c"))
	if said := unrecorded.misnames([]string{"id", "x", "b"}, transaction); said != nil {
		t.Errorf("without a record: said %q", said)
	}
	if said := unrecorded.misnames([]string{"id", "b", "a"}, transaction); len(said) != 1 {
		t.Errorf("without a record, in another order: said %q", said)
	}
}
