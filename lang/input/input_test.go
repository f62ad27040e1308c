package input

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/grammar"
)

// declare reads the variable blocks of a text.
func declare(t *testing.T, text string) map[string]*Variable {
	t.Helper()
	f, diags := hclsyntax.ParseConfig([]byte(text), "x.etl.hcl", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	spec, _ := grammar.Root().Nested("variable")
	declared := map[string]*Variable{}
	for _, block := range f.Body.(*hclsyntax.Body).Blocks {
		v, diags := Declare(block, spec.Block)
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		declared[v.Name] = v
	}
	return declared
}

func TestTypes(t *testing.T) {
	declared := declare(t, `
variable "text" { type = string }
variable "count" { type = number }
variable "on" { type = bool }
variable "names" { type = set(string) }
variable "any" { }
variable "word" { default = "x" }
variable "words" { }
variable "server" {
  type = object({
    host = string
    port = optional(number, 5432)
  })
}
variable "secret" {
  type        = map(string)
  sensitive   = true
  description = "Keys"
  default     = { a = "x" }
}
`)
	if v := declared["secret"]; !v.Sensitive || v.Description != "Keys" || !v.Nullable {
		t.Errorf("%+v", v)
	}
	result, diags := Values(declared, Sources{Dir: t.TempDir(), Args: []Arg{
		{Name: "text", Value: "5"}, {Value: "count=007"}, {Value: "on=true"}, {Name: "names", Value: `["b", "a"]`},
		{Value: `any={ a = [1] }`}, {Value: `server={ host = "h=1" }`}, {Value: "word=etl2"}, {Value: "words=it's 5 o'clock"},
	}}, eval.Functions(eval.World{}), true)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	want := map[string]string{
		"text": `"5"`, "count": "7", "on": "true", "names": `["a", "b"]`, "any": `{ "a" = [1] }`, "word": `"etl2"`, "words": `"it's 5 o'clock"`,
		"server": `{ "host" = "h=1", "port" = 5432 }`, "secret": "(sensitive)",
	}
	for name, text := range want {
		if got := eval.Canonical(result.Values[name]); got != text {
			t.Errorf("%s = %s, want %s", name, got, text)
		}
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"blocks.hcl": "x {\n}\n", "broken.hcl": "text = \n", "type.hcl": "names = [[1]]\n", "good.hcl": "text = upper(\"a\")\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	declared := declare(t, `
variable "text" {
  type    = string
  default = "x"
  validation {
    condition     = length(var.text) < 5
    error_message = "At most four letters."
  }
}
variable "names" {
  type    = list(string)
  default = []
}
variable "key" {
  type      = number
  default   = 1
  sensitive = true
}
`)
	cases := map[string]struct {
		arg  Arg
		want string
	}{
		"undeclared":       {Arg{Name: "txet", Value: "1"}, `Did you mean "text"?`},
		"no equals sign":   {Arg{Value: "text"}, "no equals sign"},
		"no expression":    {Arg{Name: "names", Value: "[a"}, "isn't an expression"},
		"names in a value": {Arg{Name: "names", Value: "[a]"}, "Texts within it are written in quotes"},
		"nested type":      {Arg{File: "type.hcl"}, "element 0"},
		"rule":             {Arg{Name: "text", Value: "abcdef"}, "At most four letters."},
		"missing file":     {Arg{File: "nowhere.hcl"}, "nowhere.hcl can't be read"},
		"blocks in a file": {Arg{File: "blocks.hcl"}, "only lines of the form name = value"},
		"broken file":      {Arg{File: "broken.hcl"}, "An expression is missing"},
		"secret":           {Arg{Name: "key", Value: "pepper"}, "a number is required"},
		"deep":             {Arg{Name: "names", Value: strings.Repeat("[", 10_000)}, "levels deep"},
	}
	for name, c := range cases {
		_, diags := Values(declared, Sources{Dir: dir, Args: []Arg{c.arg}}, eval.Functions(eval.World{}), true)
		if !diags.HasErrors() || !strings.Contains(diags.Error()+diags[0].Detail, c.want) {
			t.Errorf("%s: %v", name, diags)
		}
		if strings.Contains(diags.Error(), "pepper") {
			t.Errorf("%s: a secret is printed", name)
		}
	}
	result, diags := Values(declared, Sources{Dir: dir, Args: []Arg{{File: "good.hcl"}}}, eval.Functions(eval.World{}), true)
	if diags.HasErrors() || result.Values["text"] != cty.StringVal("A") || len(result.Files) != 1 {
		t.Errorf("%#v, %v", result.Values["text"], diags)
	}
}
