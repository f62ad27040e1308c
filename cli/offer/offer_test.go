package offer

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/format"
	"github.com/automic-etl/etl/lang/syntax"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

var update = flag.Bool("update", false, "write the golden files anew")

func database() schema.Provider {
	column := func(name string, kind schema.AttributeKind) schema.Attribute {
		return schema.Attribute{Name: name, Kind: kind}
	}
	return schema.Provider{
		Name: "shopdb", Version: "1.0.0",
		Connection: &schema.Block{Attributes: []schema.Attribute{{Name: "dsn", Type: cty.String, Sensitive: true}}},
		Source: schema.Block{Attributes: []schema.Attribute{
			{Name: "parallel", Type: cty.Number}, {Name: "table", Type: cty.String}, {Name: "query", Type: cty.String},
		}},
		Extract: map[string]schema.Block{schema.Batch: {}, schema.Incremental: {Attributes: []schema.Attribute{
			column("cursor", schema.Column), column("key", schema.Columns),
		}}, schema.Delta: {}},
	}
}

func streams() []sdk.Stream {
	columns := coltype.Schema{{Name: "id", Type: coltype.Of(coltype.Long), Required: true}, {Name: "at", Type: coltype.Of(coltype.Timestamptz)}}
	return []sdk.Stream{
		{Name: "sales.orders", Columns: columns, Keys: [][]string{{"id"}, {"at"}}, Cursors: []string{"at", "Odd name", "var"}, Unindexed: []string{"at", "var"}, Rows: 5_100_000, Bytes: 410_000_000},
		{Name: "public.orders", Columns: columns, Keys: [][]string{{"Odd name", "id"}}, Cursors: []string{"at"}, Rows: 1, Bytes: 0},
		{Name: "public.numbered", Columns: columns, Keys: [][]string{{"id"}}, Cursors: []string{"id", "at"}, Unindexed: []string{"at"}, Rows: -1, Bytes: -1},
		{Name: "public.no_key", Columns: columns, Cursors: []string{"at"}, Unindexed: []string{"at"}, Rows: 0, Bytes: -1},
		{Name: "public.no_cursor", Columns: columns[:1], Keys: [][]string{{"id"}}, Rows: -1, Bytes: -1},
		{Name: "public.taken", Columns: columns, Rows: -1, Bytes: -1},
		{Name: `public."2024 Größe ${x}"`, Columns: columns, Rows: -1, Bytes: -1},
		{Name: "line\nbreak }\n# x", Columns: columns, Rows: -1, Bytes: -1},
		{Name: "other", Attributes: map[string]string{"query": "SELECT \"1\""}, Columns: columns, Rows: -1, Bytes: -1},
	}
}

func asked() Asked {
	connection := addr.Address{Kind: addr.Connection, Type: "shopdb", Name: "main"}
	source := func(name, table string) *config.Source {
		values := database().Source.Empty().AsValueMap()
		values["table"] = cty.StringVal(table)
		values["parallel"] = cty.UnknownVal(cty.Number)
		return &config.Source{
			Addr: addr.Address{Kind: addr.Source, Type: "shopdb", Name: name}, Provider: "shopdb", Connection: &connection, Config: cty.ObjectVal(values),
		}
	}
	return Asked{
		Schema: database(), Connection: connection.String(),
		Project: &config.Project{Sources: []*config.Source{source("taken", "public.elsewhere"), source("known", "public.no_key"),
			source("one", "public.numbered"), source("two", "public.numbered")}},
	}
}

func TestText(t *testing.T) {
	document, err := New(asked(), streams())
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := document.Text(&text); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", "streams.etl.hcl")
	if *update {
		if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || text.String() != string(want) {
		t.Errorf("got\n%s\n%v", &text, err)
	}
	if again, diags := format.Source(text.Bytes(), "x.etl.hcl"); diags.HasErrors() || !bytes.Equal(again, text.Bytes()) {
		t.Errorf("etl fmt would change it: %v\n%s", diags, again)
	}
	file, diags := syntax.Parse(text.Bytes(), "x.etl.hcl")
	if diags.HasErrors() || len(file.Body.Blocks) != len(streams()) {
		t.Errorf("it has %d blocks, %v", len(file.Body.Blocks), diags)
	}
}

func TestDocument(t *testing.T) {
	document, err := New(asked(), streams())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	var again Document
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(document, again) {
		t.Errorf("%v came back as %v, %v", document, again, err)
	}
	byName := map[string]Stream{}
	for _, s := range again.Streams {
		byName[s.Name] = s
		if !strings.Contains(s.HCL, "connection.shopdb.main") {
			t.Errorf("%s has no connection", s.HCL)
		}
	}
	if s := byName["public.no_key"]; !reflect.DeepEqual(s.ReadBy, []string{"source.shopdb.known"}) || *s.Rows != 0 || s.Bytes != nil {
		t.Errorf("got %+v", s)
	}
	if s := byName["sales.orders"]; s.Source != "source.shopdb.sales_orders" || *s.Rows != 5_100_000 || s.Columns[0] != (Column{"id", "long", true}) {
		t.Errorf("got %+v", s)
	}
}

// A connection that no file has comes with the sources that read through it, its secret by where it is.
func TestThrough(t *testing.T) {
	a := Asked{
		Schema: database(), Connection: "connection.shopdb.shopdb", Through: []Setting{{"dsn", `env("DSN")`}}, Source: []Setting{{"parallel", `"4"`}},
	}
	document, err := New(a, streams()[:1])
	if err != nil {
		t.Fatal(err)
	}
	if want := "connection \"shopdb\" \"shopdb\" {\n  dsn = env(\"DSN\")\n}\n"; document.HCL != want {
		t.Errorf("got %s", document.HCL)
	}
	if s := document.Streams[0].HCL; !strings.Contains(s, "  parallel   = \"4\"\n") || !strings.Contains(s, "  table      = \"sales.orders\"\n") {
		t.Errorf("got %s", s)
	}
}

// What was asked for by a query is read by that query.
func TestQuery(t *testing.T) {
	for _, name := range []string{"query", "table"} {
		a := Asked{Schema: database(), Connection: "connection.shopdb.main", Source: []Setting{{name, `"x"`}}}
		document, err := New(a, []sdk.Stream{{Name: "y", Rows: -1, Bytes: -1}})
		want := "# y: 0 columns\nsource \"shopdb\" \"y\" {\n  connection = connection.shopdb.main\n  " + name + strings.Repeat(" ", 6) + "= \"x\"\n}\n"
		if err != nil || document.Streams[0].HCL != want {
			t.Errorf("got %s, %v", document.Streams[0].HCL, err)
		}
	}
}

func TestNames(t *testing.T) {
	a := Asked{Schema: database()}
	var in []sdk.Stream
	for _, name := range []string{"orders", "Orders", "a.orders", "b.c.orders", "public.x", "1", "...", "", "é", "é", strings.Repeat("long", 40), `"My" "Table"`, `public."odd.name"`, "x.`y`", `a."b`} {
		in = append(in, sdk.Stream{Name: name})
	}
	want := []string{
		"orders", "orders_2", "a_orders", "b_c_orders", "x", "shopdb_1", "shopdb", "shopdb_2", "shopdb_3", "shopdb_4", strings.Repeat("long", 15), "my_table", "odd_name", "y", "b",
	}
	if got := a.names(in); !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func FuzzBlock(f *testing.F) {
	f.Add("public.orders", "id", "at")
	f.Add("a\n}", "\"", "${x}")
	f.Add("\u2028*/", "col", "%{ if }")
	f.Fuzz(func(t *testing.T, name, key, cursor string) {
		text := func(s string) string { return strings.ToValidUTF8(s, "?") } // as the protocol has it
		stream := sdk.Stream{Name: text(name), Keys: [][]string{{text(key)}}, Cursors: []string{text(cursor), text(key)}, Rows: 1}
		document, err := New(asked(), []sdk.Stream{stream})
		if err != nil {
			t.Fatal(err)
		}
		file, diags := syntax.Parse([]byte(document.Streams[0].HCL), "x.etl.hcl")
		if diags.HasErrors() || len(file.Body.Blocks) != 1 {
			t.Errorf("%q is no block: %v", document.Streams[0].HCL, diags)
		}
	})
}
