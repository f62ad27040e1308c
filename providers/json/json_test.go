package json_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/json"
	"github.com/automic-etl/etl/providers/outputtest"
)

type attrs = map[string]cty.Value

func typed(pairs ...string) cty.Value {
	m := map[string]cty.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = cty.StringVal(pairs[i+1])
	}
	return cty.MapVal(m)
}

func config(t testing.TB, input string, attributes attrs) sdk.Config {
	dir := t.TempDir()
	outputtest.Write(t, dir, "in.json", input)
	all := attrs{"path": cty.StringVal("in.json")}
	for name, value := range attributes {
		all[name] = value
	}
	return outputtest.Source(dir, all)
}

// shown is the columns' types, then a line a row, then the bad ones.
func shown(r *outputtest.Recorder) string {
	var b strings.Builder
	for i, c := range r.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s = %s", c.Name, c.Type)
	}
	b.WriteString("\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%d", row.Number)
		for _, v := range row.Values {
			fmt.Fprintf(&b, " %v", v)
		}
		b.WriteString("\n")
	}
	for _, bad := range r.BadRows {
		fmt.Fprintf(&b, "! %s %s: %s\n", bad.Position, bad.Raw, bad.Reason)
	}
	return b.String()
}

func TestRows(t *testing.T) {
	for _, test := range []struct {
		name, input string
		attributes  attrs
		want        string
	}{
		{"lines", `{"a":1,"b":"x"}` + "\n\n" + `{"b":"y"}` + "\n", nil, "a = long, b = string\n1 1 x\n2 <nil> y\n"},
		{"array", ` [ {"a":1} , {"a":2} ] `, nil, "a = long\n1 1\n2 2\n"},
		{"array over lines", "[\n{\n\"a\":1},\n{\"a\":true}\n]\n", attrs{"types": typed("a", "long")},
			"a = long\n1 1\n! line 4 {\"a\":true}: column \"a\": \"true\" is not a valid long\n"},
		{"document", "{\n \"a\": {\"b\": [1, 2.5]}\n}\n", nil, "a = object({ b = list(double) })\n1 {\"b\":[1,2.5]}\n"},
		{"documents", "{\n\"a\":1}\n{\n\"a\":2}", nil, "a = long\n1 1\n2 2\n"},
		{"byte order mark", "\ufeff{\"a\":1}", nil, "a = long\n1 1\n"},
		{"long and double", "{\"a\":1}\n{\"a\":0.5}\n", nil, "a = double\n1 1\n2 0.5\n"},
		{"a double can't hold it", "{\"a\":9007199254740993}\n{\"a\":0.5}\n", nil, "a = string\n1 9007199254740993\n2 0.5\n"},
		{"beyond 64 bits", "{\"a\":9223372036854775808}\n{\"a\":-1}\n", nil, "a = decimal(38, 0)\n1 9223372036854775808\n2 -1\n"},
		{"beyond 38 digits", "{\"a\":1" + strings.Repeat("0", 38) + "}\n", nil, "a = string\n1 1" + strings.Repeat("0", 38) + "\n"},
		{"mixed becomes text", "{\"a\":{\"b\": 1}}\n{\"a\":[ ]}\n{\"a\":\"x\"}\n{\"a\":true}\n", nil,
			"a = string\n1 {\"b\": 1}\n2 [ ]\n3 x\n4 true\n"},
		{"structs unite", "{\"a\":{\"x\":1}}\n{\"a\":{\"y\":\"z\"}}\n", nil,
			"a = object({ x = long, y = string })\n1 {\"x\":1,\"y\":null}\n2 {\"x\":null,\"y\":\"z\"}\n"},
		{"nothing but nulls", "{\"a\":null,\"b\":[],\"c\":{}}\n", nil, "a = string, b = list(string), c = string\n1 <nil> [] {}\n"},
		{"map", "{\"a\":{\"k\":1,\"l\":null}}\n", attrs{"types": typed("a", "map(string,long)")},
			"a = map(string, long)\n1 [{\"key\":\"k\",\"value\":1},{\"key\":\"l\",\"value\":null}]\n"},
		{"escapes", `{"a":"\u00e9\ud83d\ude00\n\\\/"}`, nil, "a = string\n1 é😀\n\\/\n"},
		{"exact decimal", `{"a":0.1}` + "\n" + `{"a":1e2}` + "\n" + `{"a":0.123}`, attrs{"types": typed("a", "decimal(5,2)")},
			"a = decimal(5, 2)\n1 0.1\n2 100\n! line 3 {\"a\":0.123}: column \"a\": \"0.123\" is not a valid decimal(5, 2): " +
				"it has more than 2 digits after the point\n"},
		{"whole spellings", `{"a":1.0}` + "\n" + `{"a":1e3}`, attrs{"types": typed("a", "long")}, "a = long\n1 1\n2 1000\n"},
		{"null text", `{"a":"NA"}` + "\n" + `{"a":5}`, attrs{"null_if": cty.ListVal([]cty.Value{cty.StringVal("NA")})}, "a = long\n1 <nil>\n2 5\n"},
		{"declared and absent", `{"a":1}`, attrs{"types": typed("z", "date")}, "a = long, z = date\n1 1 <nil>\n"},
		{"broken line", "{\"a\":1}\n{\"a\":\n{\"a\":3}\n", nil,
			"a = long\n1 1\n3 3\n! line 2 {\"a\":: not valid JSON: the text ends where a value is expected at character 6\n"},
		{"broken first line", "{\"a\":tru}\n{\"a\":3}\n", nil,
			"a = long\n2 3\n! line 1 {\"a\":tru}: not valid JSON: unknown word; there are true, false and null at character 6\n"},
		{"broken element", "[{\"a\":1},{\"a\":01},\n{\"a\":3}]", nil,
			"a = long\n1 1\n3 3\n! line 1 {\"a\":01}: not valid JSON: a number must not begin with a zero; write it as a string at character 6\n"},
		{"no object", "{\"a\":1}\n7\n", nil, "a = long\n1 1\n! line 2 7: the row is not an object, so that its values have no names\n"},
		{"key twice", "{\"a\":1,\"b\":{\"x\":1,\"x\":2}}\n{\"a\":1}\n", nil,
			"a = long\n2 1\n! line 1 {\"a\":1,\"b\":{\"x\":1,\"x\":2}}: not valid JSON: the key \"x\" appears twice in one object at character 23\n"},
		{"half a surrogate", `{"a":"\ud83d"}` + "\n" + `{"a":"ok"}`, nil,
			"a = string\n2 ok\n! line 1 {\"a\":\"\\ud83d\"}: not valid JSON: half of a surrogate pair stands alone at character 7\n"},
		{"not UTF-8", "{\"a\":\"\xff\"}\n{\"a\":\"ok\"}", nil,
			"a = string\n2 ok\n! line 1 {\"a\":\"\\xff\"}: not valid JSON: the text is not valid UTF-8 at character 7\n"},
		{"nested misfit", "{\"a\":[{\"b\":1},{\"b\":\"x\"}]}\n{\"a\":[]}\n", attrs{"types": typed("a", "list(object({b = long}))")},
			"a = list(object({ b = long }))\n2 []\n! line 1 {\"a\":[{\"b\":1},{\"b\":\"x\"}]}: column \"a[1].b\": \"x\" is not a valid long\n"},
		{"sampled", "{\"a\":1}\n{\"a\":\"x\"}\n", attrs{"infer_rows": cty.NumberIntVal(1)},
			"a = long\n1 1\n! line 2 {\"a\":\"x\"}: column \"a\": \"x\" is not a valid long\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, staged := range []bool{true, false} {
				got := shown(outputtest.Load(t, json.New(), config(t, test.input, test.attributes), staged))
				if got != test.want {
					t.Errorf("staged %t, got:\n%s\nwant:\n%s", staged, got, test.want)
				}
			}
		})
	}
}

func TestDeep(t *testing.T) {
	deep := "{\"a\":" + strings.Repeat("[", 300) + strings.Repeat("]", 300) + "}\n{\"a\":[]}\n"
	got := outputtest.Load(t, json.New(), config(t, deep, nil), true)
	if len(got.Rows) != 1 || len(got.BadRows) != 1 || !strings.Contains(got.BadRows[0].Reason, "nested deeper than 200") {
		t.Errorf("%d rows, bad ones %v", len(got.Rows), got.BadRows)
	}
}

func TestProblems(t *testing.T) {
	for _, test := range []struct {
		name, input string
		attributes  attrs
		want        []string
	}{
		{"empty", "", nil, []string{"No columns found"}},
		{"empty array", "[]", nil, []string{"No columns found"}},
		{"array cut off", "[{\"a\":1},\n{\"a\":", nil, []string{"Broken JSON document", "line 2, character 1", "never closed"}},
		{"array without end", "[{\"a\":1}\n", nil, []string{"Broken JSON document", "the array is never closed"}},
		{"array without comma", "[{\"a\":1} {\"a\":2}]", nil, []string{"Broken JSON document", "line 1, character 10", "a comma"}},
		{"comma at the end", "[{\"a\":1},]", nil, []string{"ends after a comma"}},
		{"something after", "[{\"a\":1}]\nx", nil, []string{"line 2, character 1", "something follows"}},
		{"document", "{\n\"a\": tru\n}", nil, []string{"Broken JSON document", "line 2, character 6", `format = "lines"`}},
		{"document cut off", "{\n\"a\": [1,\n", nil, []string{"Broken JSON document", "never closed"}},
		{"CSV", "a,b\n1,2\n", nil, []string{"Broken JSON document"}},
		{"case", `{"a":1,"A":2}`, nil, []string{"differ only by case"}},
		{"nested case", `{"o":{"a":1,"A":2}}`, nil, []string{"Keys that can't be columns", `"o"`}},
		{"nameless", `{"":1}`, nil, []string{"a key without a name"}},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil, []string{"File is in UTF-16"}},
		{"length", `{}`, attrs{"max_line_bytes": cty.NumberIntVal(1)}, []string{"Invalid length of lines"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			plan, diags := json.New().Plan(context.Background(), config(t, test.input, test.attributes), sdk.PlanRequest{})
			if plan != nil || !diags.HasErrors() {
				t.Fatalf("planned, with %v", diags)
			}
			for _, want := range test.want {
				if !strings.Contains(diags.Error(), want) {
					t.Errorf("got %s\nwithout %q", diags.Error(), want)
				}
			}
		})
	}
}

func TestLongLine(t *testing.T) {
	input := "{\"a\":1}\n{\"a\":\"" + strings.Repeat("x", 3<<20) + "\"}\n{\"a\":3}\n"
	got := outputtest.Load(t, json.New(), config(t, input, attrs{"max_line_bytes": cty.NumberIntVal(1000)}), true)
	if len(got.Rows) != 2 || got.Rows[1].Number != 3 || len(got.BadRows) != 1 || got.BadRows[0].Position != "line 2" {
		t.Errorf("%d rows, bad ones %d", len(got.Rows), len(got.BadRows))
	}
}
