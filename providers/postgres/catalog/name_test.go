package catalog

import (
	"strings"
	"testing"
)

// TestParseName reads names as users write them.
func TestParseName(t *testing.T) {
	for text, want := range map[string]Name{
		"orders":                {Table: "orders"},
		" Sales.Orders ":        {Schema: "Sales", Table: "Orders"},
		`"Sales"."Order.Lines"`: {Schema: "Sales", Table: "Order.Lines", SchemaExact: true, TableExact: true},
		`public."say ""hi"""`:   {Schema: "public", Table: `say "hi"`, TableExact: true},
		`"a".b`:                 {Schema: "a", Table: "b", SchemaExact: true},
		"日本.表":                  {Schema: "日本", Table: "表"},
	} {
		if got, err := ParseName(text); err != nil || got != want {
			t.Errorf("%s is read as %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", " ", ".", "a.", ".a", "a.b.c", `"a`, `"`, `""`, `a"b`, `"a"b`, `a."b"c`, `a.""`} {
		if got, err := ParseName(text); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

// FuzzParseName reads anything. What is a name is the same name when it is spelled for SQL.
func FuzzParseName(f *testing.F) {
	for _, text := range []string{"orders", `"Sales"."Order.Lines"`, `public."say ""hi"""`, `a"b`, "a.b.c", "\x00"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := ParseName(text)
		if err != nil {
			return
		}
		r := Relation{Schema: name.Schema, Name: name.Table}
		quoted := r.Quoted()
		if name.Schema == "" {
			quoted = strings.TrimPrefix(quoted, `"".`)
		}
		again, err := ParseName(quoted)
		if err != nil || again.Schema != name.Schema || again.Table != name.Table || !again.TableExact {
			t.Fatalf("%q is %+v, and %s is %+v, %v", text, name, quoted, again, err)
		}
	})
}
