package coltype_test

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"boolean":                  "boolean",
		" decimal( 12 ,2 ) ":       "decimal(12, 2)",
		"list(map(string, int))":   "list(map(string, int))",
		"object({})":               "object({})",
		"object({a=long,b=uuid,})": "object({ a = long, b = uuid })",
		"object({\n a = time \n})": "object({ a = time })",
		`object({"odd name" = list(timestamptz), ä-b = binary})`: `object({ "odd name" = list(timestamptz), ä-b = binary })`,
	} {
		got, err := coltype.Parse(text)
		if err != nil || got.String() != want {
			t.Errorf("Parse(%q) = %s, %v; want %s", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 "found the end",
		"strin":                            `there is no type "strin"`,
		"unknown":                          "there is no type",
		"string long":                      `unexpected "long"`,
		"decimal":                          `expected "("`,
		"decimal(39, 2)":                   "precision from 1 to 38",
		"decimal(5, 6)":                    "precision from 1 to 38",
		"decimal(0, 0)":                    "precision from 1 to 38",
		"decimal(99999999999999999999, 1)": "not a whole number in range",
		"decimal(-1, 0)":                   "expected a whole number",
		"list(int":                         `expected ")"`,
		"map(int)":                         `expected ","`,
		"object({a = int, a = long})":      "twice",
		"object({a int})":                  `expected "="`,
		`object({"a = int})`:               "literal not terminated",
		"int\x00":                          "invalid character",
		strings.Repeat("list(", 1000) + "int" + strings.Repeat(")", 1000): "at most 64 deep",
	} {
		_, err := coltype.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.40q) gave %v; want an error with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"int", "decimal(38, 38)", `object({"a" = map(string, list(date))})`, "list(", "é("} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := coltype.Parse(text)
		if err != nil {
			return
		}
		again, err := coltype.Parse(parsed.String())
		if err != nil || !again.Equal(parsed) {
			t.Errorf("%q is spelt %q, which reads back as %v, %v", text, parsed, again, err)
		}
	})
}

// anyType draws a type that a user can write, nested at most depth times.
func anyType(depth int) *rapid.Generator[coltype.Type] {
	return rapid.Custom(func(t *rapid.T) coltype.Type {
		last := coltype.Binary
		if depth > 0 {
			last = coltype.Struct
		}
		kind := coltype.Kind(rapid.IntRange(int(coltype.Boolean), int(last)).Draw(t, "kind"))
		switch kind {
		case coltype.Decimal:
			precision := rapid.IntRange(1, 38).Draw(t, "precision")
			return coltype.DecimalOf(precision, rapid.IntRange(0, precision).Draw(t, "scale"))
		case coltype.List:
			return coltype.ListOf(anyType(depth-1).Draw(t, "element"))
		case coltype.Map:
			return coltype.MapOf(anyType(depth-1).Draw(t, "key"), anyType(depth-1).Draw(t, "value"))
		case coltype.Struct:
			return coltype.StructOf(anyFields(depth-1).Draw(t, "fields")...)
		default:
			return coltype.Of(kind)
		}
	})
}

func anyFields(depth int) *rapid.Generator[[]coltype.Field] {
	return rapid.Custom(func(t *rapid.T) []coltype.Field {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-d]|x y|"`), 0, 4, rapid.ID).Draw(t, "names")
		var fields []coltype.Field
		for _, name := range names {
			fields = append(fields, coltype.Field{Name: name, Type: anyType(depth).Draw(t, name)})
		}
		return fields
	})
}

func TestSpellingAndJSONReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyType(3).Draw(t, "type")
		if got, err := coltype.Parse(want.String()); err != nil || !got.Equal(want) {
			t.Fatalf("%s reads back as %s, %v", want, got, err)
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got coltype.Type
		if err := json.Unmarshal(text, &got); err != nil || !got.Equal(want) {
			t.Fatalf("%s is %s in JSON, which reads back as %s, %v", want, text, got, err)
		}
	})
}

func TestWiden(t *testing.T) {
	for _, c := range []struct{ a, b, widened, unified string }{
		{"int", "int", "int", "int"},
		{"int", "long", "long", "long"},
		{"int", "float", "double", "double"},
		{"float", "double", "double", "double"},
		{"int", "decimal(5, 2)", "decimal(12, 2)", "decimal(12, 2)"},
		{"long", "decimal(38, 2)", "decimal(38, 2)", "decimal(38, 2)"},
		{"long", "decimal(38, 30)", "double", "double"},
		{"decimal(10, 0)", "decimal(10, 5)", "decimal(15, 5)", "decimal(15, 5)"},
		{"decimal(10, 0)", "double", "double", "double"},
		{"date", "timestamp", "timestamp", "timestamp"},
		{"date", "timestamptz", "", "string"},
		{"timestamp", "timestamptz", "", "string"},
		{"boolean", "int", "", "string"},
		{"string", "int", "", "string"},
		{"list(int)", "list(long)", "list(long)", "list(long)"},
		{"list(int)", "list(date)", "", "list(string)"},
		{"list(int)", "int", "", "string"},
		{"map(string, int)", "map(string, long)", "map(string, long)", "map(string, long)"},
		{"object({ a = int, b = date })", "object({ c = uuid, a = long })",
			"object({ a = long, b = date, c = uuid })", "object({ a = long, b = date, c = uuid })"},
		{"object({ a = int })", "object({ a = date })", "", "object({ a = string })"},
	} {
		a, b := parse(t, c.a), parse(t, c.b)
		wide, ok := coltype.Widen(a, b)
		if ok != (c.widened != "") || (ok && wide.String() != c.widened) {
			t.Errorf("Widen(%s, %s) = %s, %v; want %q", a, b, wide, ok, c.widened)
		}
		if got := coltype.Unify(a, b).String(); got != c.unified {
			t.Errorf("Unify(%s, %s) = %s; want %s", a, b, got, c.unified)
		}
	}
}

// Inference sees values in the order of files and rows; the type that it ends with must depend on neither.
func TestUnifyDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := anyType(2).Draw(t, "a"), anyType(2).Draw(t, "b"), anyType(2).Draw(t, "c")
		if ab, ba := coltype.Unify(a, b), coltype.Unify(b, a); !sorted(ab).Equal(sorted(ba)) {
			t.Fatalf("Unify(a, b) = %s, Unify(b, a) = %s", ab, ba)
		}
		left, right := coltype.Unify(coltype.Unify(a, b), c), coltype.Unify(a, coltype.Unify(b, c))
		if !left.Equal(right) {
			t.Fatalf("(a ∪ b) ∪ c = %s, a ∪ (b ∪ c) = %s", left, right)
		}
		if again := coltype.Unify(left, b); !again.Equal(left) {
			t.Fatalf("%s ∪ %s = %s", left, b, again)
		}
	})
}

func TestPromotable(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"int", "long", true}, {"long", "int", false}, {"float", "double", true}, {"int", "double", false},
		{"decimal(10, 2)", "decimal(12, 2)", true}, {"decimal(10, 2)", "decimal(12, 3)", false},
		{"decimal(12, 2)", "decimal(10, 2)", false}, {"date", "timestamp", false}, {"string", "string", true},
		{"list(int)", "list(long)", true}, {"map(int, int)", "map(int, long)", true},
		{"map(int, int)", "map(long, int)", false},
		{"object({ a = int })", "object({ b = date, a = long })", true},
		{"object({ a = int, b = int })", "object({ a = int })", false},
	} {
		if got := coltype.Promotable(parse(t, c.from), parse(t, c.to)); got != c.want {
			t.Errorf("Promotable(%s, %s) = %v", c.from, c.to, got)
		}
	}
	if !coltype.Promotable(coltype.Type{}, coltype.ListOf(coltype.Of(coltype.Int))) {
		t.Error("a column of nulls is not promotable")
	}
	required := coltype.StructOf(coltype.Field{Name: "a", Type: coltype.Of(coltype.Int), Required: true})
	if coltype.Promotable(coltype.StructOf(), required) {
		t.Error("a struct may gain a required field")
	}
}

func TestSchema(t *testing.T) {
	schema := coltype.Schema{
		{ID: 1, Name: "a", Type: coltype.Of(coltype.Int), Required: true},
		{ID: 2, Name: "b", Type: coltype.ListOf(coltype.Of(coltype.Date)), Doc: "days"},
	}
	same := coltype.Schema{{Name: "a", Type: coltype.Of(coltype.Int)}, {Name: "b", Type: parse(t, "list(date)")}}
	if !schema.Equal(same) || schema.Equal(same[:1]) || schema.Equal(coltype.Schema{same[1], same[0]}) {
		t.Error("Equal must ignore ids, docs and nulls, and nothing else")
	}
	if f, ok := schema.Lookup("b"); !ok || f.ID != 2 {
		t.Errorf("Lookup found %+v, %v", f, ok)
	}
	if _, ok := schema.Lookup("B"); ok {
		t.Error("names must match exactly")
	}
	if got := strings.Join(schema.Names(), ","); got != "a,b" {
		t.Errorf("Names gave %s", got)
	}
}

func parse(t *testing.T, text string) coltype.Type {
	t.Helper()
	parsed, err := coltype.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// sorted orders the fields of structs by name: only their order depends on what came first.
func sorted(t coltype.Type) coltype.Type {
	if t.Elem != nil {
		elem := *t.Elem
		elem.Type = sorted(elem.Type)
		t.Elem = &elem
	}
	if t.Key != nil {
		key := *t.Key
		key.Type = sorted(key.Type)
		t.Key = &key
	}
	byName := map[string]coltype.Field{}
	for _, f := range t.Fields {
		f.Type = sorted(f.Type)
		byName[f.Name] = f
	}
	fields := make([]coltype.Field, 0, len(t.Fields))
	for _, name := range []string{"a", "b", "c", "d", "x y", `"`} {
		if f, there := byName[name]; there {
			fields = append(fields, f)
		}
	}
	if t.Kind == coltype.Struct {
		t.Fields = fields
	}
	return t
}
