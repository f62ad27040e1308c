package eval

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func evaluate(t *testing.T, w World, text string) (cty.Value, hcl.Diagnostics) {
	t.Helper()
	e, diags := hclsyntax.ParseExpression([]byte(text), "x", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(text, diags)
	}
	return e.Value(&hcl.EvalContext{Functions: Functions(w)})
}

func TestFunctions(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "in", "deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"q.sql", "in/b.csv", "in/a.csv", "in/deep/c.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("text of "+name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cases := map[string]string{
		`upper("a")`:                                   `"A"`,
		`join("-", ["a", "b"])`:                        `"a-b"`,
		`merge({ a = 1 }, { b = 2, a = 3 })`:           `{ "a" = 3, "b" = 2 }`,
		`toset(["b", "a", "b"])`:                       `["a", "b"]`,
		`length("grüße")`:                              `5`,
		`length([1, 2])`:                               `2`,
		`length({ a = 1 })`:                            `1`,
		`replace("a.b.c", ".", "-")`:                   `"a-b-c"`,
		`replace("a1b22", "/[0-9]+/", "#")`:            `"a#b#"`,
		`startswith("abc", "ab")`:                      `true`,
		`endswith("abc", "ab")`:                        `false`,
		`try(tonumber("x"), 5)`:                        `5`,
		`can(tonumber("x"))`:                           `false`,
		`coalesce(null, "a")`:                          `"a"`,
		`format("%03d", 7)`:                            `"007"`,
		`jsondecode("{\"a\": [1, null]}")`:             `{ "a" = [1, null] }`,
		`zipmap(["a", "b"], [1, 2])`:                   `{ "a" = 1, "b" = 2 }`,
		`range(3)`:                                     `[0, 1, 2]`,
		`file("q.sql")`:                                `"text of q.sql"`,
		`fileset("in", "**/*.csv")`:                    `["a.csv", "b.csv", "deep/c.csv"]`,
		`fileset("in", "*.json")`:                      `[]`,
		`lookup({ a = 1 }, "b", 2)`:                    `2`,
		`0.1 + 0.2`:                                    `0.3`,
		`"line\nbreak ${"\""} $${x}"`:                  `"line\nbreak \" $${x}"`,
		`[true, null, -1.50, 12345678901234567890123]`: `[true, null, -1.5, 12345678901234567890123]`,
	}
	for text, want := range cases {
		v, diags := evaluate(t, World{Dir: dir}, text)
		if diags.HasErrors() || Canonical(v) != want {
			t.Errorf("%s = %s, want %s (%v)", text, Canonical(v), want, diags)
		}
	}
}

func TestFunctionsRefuse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "binary"), []byte("\xff\xfe"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		`file("nowhere")`:          "there is no file nowhere",
		`file("binary")`:           "no UTF-8",
		`file(".")`:                "can't be read",
		`fileset(".", "[")`:        "malformed",
		`env("NOT_SET")`:           "NOT_SET isn't set",
		`secret("file:///x")`:      "the secret can't be read: the store is shut",
		`replace("a", "/(/", "b")`: "missing closing",
		`length(5)`:                "collection",
	}
	for text, want := range cases {
		shut := func(string) (string, error) { return "", errors.New("the store is shut") }
		_, diags := evaluate(t, World{Dir: dir, Secrets: true, Secret: shut}, text)
		if !diags.HasErrors() || !strings.Contains(diags[0].Detail, want) {
			t.Errorf("%s: %v, want %q", text, diags, want)
		}
	}
}

func TestSecrets(t *testing.T) {
	var found []string
	w := World{Environ: Environ([]string{"KEY=pepper", "EQUALS=a=b", "EMPTY="}), Secrets: true, Found: func(v cty.Value) {
		found = append(found, Secrets(v)...)
	}}
	v, diags := evaluate(t, w, `{ a = "x-${upper(env("KEY"))}", b = [env("EQUALS")], c = "public", d = env("EMPTY"), e = sensitive({ f = "deep" }) }`)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	if want := []string{"a=b", "deep", "x-PEPPER"}; !reflect.DeepEqual(Secrets(v), want) {
		t.Errorf("Secrets = %q", Secrets(v))
	}
	if want := []string{"pepper", "a=b"}; !reflect.DeepEqual(found, want) {
		t.Errorf("told of %q", found)
	}
	if text := Canonical(v); strings.Contains(text, "PEPPER") || strings.Contains(text, "deep") {
		t.Errorf("Canonical prints a secret: %s", text)
	}
	set := cty.SetVal([]cty.Value{cty.StringVal("in a set")}).Mark(Sensitive)
	if got := Secrets(set); len(got) != 1 || got[0] != "in a set" {
		t.Errorf("Secrets of a set: %q", got)
	}
	for _, call := range []string{`env("KEY")`, `secret("file:///x")`} {
		if v, _ := evaluate(t, World{}, call); v.IsKnown() || !IsSensitive(v) {
			t.Errorf("without secrets %s is %#v", call, v)
		}
	}
}

func TestSecretsOfAStore(t *testing.T) {
	var found []string
	w := World{
		Secrets: true, Found: func(v cty.Value) { found = append(found, Secrets(v)...) },
		Secret: func(url string) (string, error) { return `{ "password": "pepper" }`, nil },
	}
	v, diags := evaluate(t, w, `jsondecode(secret("file:///x")).password`)
	if diags.HasErrors() || !reflect.DeepEqual(Secrets(v), []string{"pepper"}) || !IsSensitive(v) {
		t.Errorf("got %#v, %v", v, diags)
	}
	if want := []string{`{ "password": "pepper" }`}; !reflect.DeepEqual(found, want) {
		t.Errorf("told of %q", found)
	}
	// A URL that is the secret is hidden like one, even where it isn't read.
	found = nil
	if _, diags := evaluate(t, World{Found: w.Found}, `secret("constant://?val=pepper")`); diags.HasErrors() {
		t.Fatal(diags)
	}
	if want := []string{"constant://?val=pepper"}; !reflect.DeepEqual(found, want) {
		t.Errorf("told of %q", found)
	}
}

func TestCanonicalOfHugeNumbers(t *testing.T) {
	if got := Canonical(cty.MustParseNumberVal("1e100000")); len(got) > 200 {
		t.Errorf("%d characters", len(got))
	}
}

func TestFunctionNamesAreSorted(t *testing.T) {
	names := FunctionNames()
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			t.Errorf("%s before %s", names[i-1], names[i])
		}
	}
}
