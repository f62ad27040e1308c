package inference_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/inference"
	"github.com/automic-etl/etl/providers/naming"
)

func parseColumns(t *testing.T, text string) coltype.Schema {
	t.Helper()
	parsed, err := coltype.Parse("object({" + text + "})")
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Fields
}

func evidence(seen, recorded coltype.Schema, declared map[string]coltype.Type) inference.Evidence {
	return inference.Evidence{Seen: seen, Recorded: recorded, Declared: declared, Values: "the files now have values",
		Source: naming.Source{Have: "The files have", Where: "in the files", Path: "path"}}
}

func TestSettle(t *testing.T) {
	for _, test := range []struct {
		name, inferred, recorded, declared string
		want                               string
		changes                            []string
		warnings                           int
	}{
		{name: "first read", inferred: "a = long, b = string", want: "a = long, b = string"},
		{name: "declared holds", inferred: "zip = long", declared: "zip = string", want: "zip = string"},
		{name: "declared beats recorded", inferred: "zip = long", recorded: "zip = long", declared: "zip = string", want: "zip = string",
			changes: []string{"zip: long → string"}},
		{name: "widened", inferred: "a = long", recorded: "a = int", want: "a = long", changes: []string{"a: int → long"}},
		{name: "never narrowed", inferred: "a = long", recorded: "a = double", want: "a = double"},
		{name: "not promotable stays", inferred: "a = string", recorded: "a = long", want: "a = long", warnings: 1},
		{name: "new column comes last", inferred: "new = date, a = long", recorded: "a = long", want: "a = long, new = date",
			changes: []string{"new: new, date"}},
		{name: "missing column stays", inferred: "b = long", recorded: "a = long, b = long", want: "a = long, b = long"},
		{name: "decimals never become doubles", inferred: "a = double", recorded: "a = decimal(10, 2)", want: "a = decimal(10, 2)", warnings: 1},
		{name: "provenance is the host's", inferred: "a = long", recorded: "a = long, _etl_row = long", want: "a = long"},
	} {
		t.Run(test.name, func(t *testing.T) {
			declared := map[string]coltype.Type{}
			for _, f := range parseColumns(t, test.declared) {
				declared[f.Name] = f.Type
			}
			got, diags := evidence(parseColumns(t, test.inferred), parseColumns(t, test.recorded), declared).Settle()
			if diags.HasErrors() || len(diags) != test.warnings {
				t.Errorf("diagnostics: %v", diags)
			}
			if want := coltype.StructOf(parseColumns(t, test.want)...).String(); coltype.StructOf(got.Columns...).String() != want {
				t.Errorf("got %s, want %s", coltype.StructOf(got.Columns...), want)
			}
			if !slices.Equal(test.changes, got.Changes) {
				t.Errorf("changes %q, want %q", got.Changes, test.changes)
			}
		})
	}
}

func TestSettleRefuses(t *testing.T) {
	columns := coltype.Schema{{Name: "amount", Type: coltype.Of(coltype.Long)}}
	for _, test := range []struct {
		name     string
		inferred coltype.Schema
		declared string
		want     string
	}{
		{"near miss", columns, "amuont", `Did you mean "amount"?`},
		{"unknown", columns, "entirely_else", "Remove it from types."},
		{"case", append(columns, coltype.Field{Name: "Amount", Type: coltype.Of(coltype.Long)}), "", "differ only by case"},
		{"reserved", coltype.Schema{{Name: "_etl_row", Type: coltype.Of(coltype.Long)}}, "", "Reserved column name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			declared := map[string]coltype.Type{}
			if test.declared != "" {
				declared[test.declared] = coltype.Of(coltype.String)
			}
			_, diags := evidence(test.inferred, nil, declared).Settle()
			if !diags.HasErrors() || !strings.Contains(diags.Error(), test.want) {
				t.Errorf("got %v, want %q", diags, test.want)
			}
		})
	}
}
