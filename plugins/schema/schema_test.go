package schema_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

func example() schema.Provider {
	return schema.Provider{
		Name: "shop", Version: "1.2.3",
		Connection: &schema.Block{
			Doc:        "Where the shop is.",
			Attributes: []schema.Attribute{{Name: "dsn", Type: cty.String, Required: true, Sensitive: true}},
		},
		Source: schema.Block{
			Attributes: []schema.Attribute{
				{Name: "table", Type: cty.String, Required: true, Doc: "The table."},
				{Name: "null_if", Type: cty.List(cty.String), Default: cty.ListVal([]cty.Value{cty.StringVal("NA")})},
				{Name: "limit", Kind: schema.Value, Type: cty.Number, Cosmetic: true, Deprecated: "max_rows"},
				{Name: "compression", Type: cty.String, OneOf: []string{"auto", "gzip"}, Default: cty.StringVal("auto")},
				{Name: "types", Kind: schema.Types},
				{Name: "key", Kind: schema.Columns},
				{Name: "cursor", Kind: schema.Column},
				{Name: "where", Kind: schema.Expression},
				{Name: "any", Type: cty.DynamicPseudoType},
			},
			Blocks: []schema.NestedBlock{
				{Name: "tls", Max: 1, Block: schema.Block{Attributes: []schema.Attribute{{Name: "ca", Type: cty.String}}}},
				{Name: "header", Labels: []string{"name"}, Min: 1,
					Block: schema.Block{Attributes: []schema.Attribute{{Name: "value", Type: cty.String, Required: true}}}},
			},
		},
		Extract: map[string]schema.Block{schema.Batch: {}, schema.Incremental: {}},
	}
}

func TestJSONComesBack(t *testing.T) {
	want := example()
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got schema.Provider
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}

func TestImpliedType(t *testing.T) {
	source := example().Source
	want := cty.Object(map[string]cty.Type{
		"table": cty.String, "null_if": cty.List(cty.String), "limit": cty.Number, "compression": cty.String,
		"types": cty.Map(cty.String), "key": cty.List(cty.String), "cursor": cty.String, "where": cty.String,
		"any":    cty.DynamicPseudoType,
		"tls":    cty.Object(map[string]cty.Type{"ca": cty.String}),
		"header": cty.List(cty.Object(map[string]cty.Type{"name": cty.String, "value": cty.String})),
	})
	if got := source.ImpliedType(); !got.Equals(want) {
		t.Errorf("got %#v", got)
	}
	empty := source.Empty()
	if errs := empty.Type().TestConformance(want); errs != nil {
		t.Errorf("the empty value doesn't fit: %v", errs)
	}
	if !empty.GetAttr("tls").IsNull() || empty.GetAttr("header").LengthInt() != 0 ||
		empty.GetAttr("compression").AsString() != "auto" || !empty.GetAttr("table").IsNull() {
		t.Errorf("the empty value is %#v", empty)
	}
}

func TestCoerce(t *testing.T) {
	source := example().Source
	for _, c := range []struct {
		name    string
		value   cty.Value
		want    cty.Value
		problem string
	}{
		{"table", cty.NumberIntVal(5), cty.StringVal("5"), ""},
		{"table", cty.NullVal(cty.String), cty.NullVal(cty.String), "is required"},
		{"table", cty.ListValEmpty(cty.String), cty.NullVal(cty.String), "must be string"},
		{"table", cty.UnknownVal(cty.String), cty.UnknownVal(cty.String), ""},
		{"compression", cty.NullVal(cty.DynamicPseudoType), cty.StringVal("auto"), ""},
		{"compression", cty.StringVal("zip"), cty.StringVal("zip"), `must be one of auto, gzip, not "zip"`},
		{"compression", cty.StringVal("gzip").Mark("secret"), cty.StringVal("gzip").Mark("secret"), ""},
		{"null_if", cty.TupleVal([]cty.Value{cty.StringVal("a"), cty.NumberIntVal(1)}),
			cty.ListVal([]cty.Value{cty.StringVal("a"), cty.StringVal("1")}), ""},
		{"limit", cty.StringVal("many"), cty.NullVal(cty.Number), "must be number"},
	} {
		attribute, _ := source.Attribute(c.name)
		got, err := attribute.Coerce(c.value)
		if !got.RawEquals(c.want) || (err == nil) != (c.problem == "") || (err != nil && !strings.Contains(err.Error(), c.problem)) {
			t.Errorf("%s = %#v gave %#v, %v", c.name, c.value, got, err)
		}
	}
}

func TestVerify(t *testing.T) {
	if err := example().Verify(); err != nil {
		t.Fatal(err)
	}
	wrong := schema.Provider{
		Name: "no name",
		Source: schema.Block{
			Attributes: []schema.Attribute{
				{Name: "a", Type: cty.String}, {Name: "a", Type: cty.String}, {Name: "extract", Type: cty.String},
				{Name: "b c", Type: cty.String}, {Name: "untyped"}, {Name: "odd", Kind: "odd"},
				{Name: "column", Kind: schema.Column, Type: cty.Number},
				{Name: "required", Type: cty.String, Required: true, Default: cty.StringVal("x")},
				{Name: "default", Type: cty.Number, Default: cty.StringVal("x")},
				{Name: "choice", Type: cty.String, OneOf: []string{"x"}, Default: cty.StringVal("y")},
				{Name: "choices", Type: cty.Number, OneOf: []string{"1"}},
			},
			Blocks: []schema.NestedBlock{
				{Name: "header", Labels: []string{"name"}, Min: 2, Max: 1, Block: schema.Block{Attributes: []schema.Attribute{
					{Name: "name", Type: cty.String}, {Name: "any", Type: cty.DynamicPseudoType},
				}}},
			},
		},
		Extract: map[string]schema.Block{"stream": {}},
	}
	err := wrong.Verify()
	if err == nil {
		t.Fatal("nothing was found")
	}
	for _, want := range []string{
		`the provider's name "no name"`, "source.a: the name is taken", "source.extract: the name is taken",
		"source.b c: the name is no identifier", "source.untyped: the type is missing", `source.odd: there is no kind "odd"`,
		"source.column: a type has no meaning", "source.required: what is required needs no default",
		"source.default: the default must be number", "source.choice: the default must be one of x",
		"source.choices: only a string", "source.header.name: the name is taken", "source.header: no number of blocks",
		"source.header: a repeated block", `there is no mode "stream"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("not found: %s", want)
		}
	}
	if err := (schema.Provider{Name: "x"}).Verify(); err == nil {
		t.Error("a provider without modes was taken")
	}
}
