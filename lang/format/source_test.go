package format

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestSource(t *testing.T) {
	cases := map[string][2]string{
		"alignment and spaces": {
			"table   \"silver\"  \"a\" {  \n  from=table.bronze.a   \n  doc  =   \"x\"\n}",
			"table \"silver\" \"a\" {\n  from = table.bronze.a\n  doc  = \"x\"\n}\n",
		},
		"blank lines between blocks": {
			"# first\netl {\n\n\n  project = \"x\"\n\n}\n# why\ntable \"a\" \"b\" {\n  from = 1\n\n\n  sql = 2\n}\n\n\n\nlocals {\n}\n\n\n",
			"# first\netl {\n  project = \"x\"\n}\n\n# why\ntable \"a\" \"b\" {\n  from = 1\n\n  sql = 2\n}\n\nlocals {\n}\n",
		},
		"short blocks of a kind stay together": {
			"layer \"a\" { doc = \"x\" }\nlayer \"b\" { doc = \"y\" }\nvariable \"c\" { type = string }\nlocals {\n  a = 1\n}\nlayer \"d\" { doc = \"z\" }\n",
			"layer \"a\" { doc = \"x\" }\nlayer \"b\" { doc = \"y\" }\n\nvariable \"c\" { type = string }\n\nlocals {\n  a = 1\n}\n\nlayer \"d\" { doc = \"z\" }\n",
		},
		"heredocs keep every character": {
			"table \"a\" \"b\" {\n  sql = <<-SQL\n\n    SELECT 1   \n\n\n      , 2\n  SQL\n\n\n  doc=\"x\"\n}\n",
			"table \"a\" \"b\" {\n  sql = <<-SQL\n\n    SELECT 1   \n\n\n      , 2\n  SQL\n\n  doc = \"x\"\n}\n",
		},
		"long comments keep every character": {
			"/* a  \n\n\n   b */\nlocals {\n  a = 1\n}\n",
			"/* a  \n\n\n   b */\nlocals {\n  a = 1\n}\n",
		},
		"a byte order mark":    {"\xef\xbb\xbflocals {\n  a=1\n}\n", "locals {\n  a = 1\n}\n"},
		"line ends of Windows": {"locals {\r\n  a=1\r\n}\r\n", "locals {\n  a = 1\n}\n"},
		"empty":                {"", ""},
		"only blank lines":     {"\n\n  \n", ""},
		"only a comment":       {"\n# x", "# x\n"},
	}
	for name, c := range cases {
		got, diags := Source([]byte(c[0]), "x.etl.hcl")
		if diags.HasErrors() {
			t.Errorf("%s: %v", name, diags)
		}
		if string(got) != c[1] {
			t.Errorf("%s:\n got %q\nwant %q", name, got, c[1])
		}
	}
}

func TestSyntaxErrorLeavesTheFileAlone(t *testing.T) {
	src := []byte("table {\n  a = = 1\n}\n\n\n")
	got, diags := Source(src, "x.etl.hcl")
	if !diags.HasErrors() || !bytes.Equal(got, src) {
		t.Errorf("got %q, %v", got, diags)
	}
}

func FuzzSource(f *testing.F) {
	examples, err := filepath.Glob("../config/testdata/*.etl.hcl")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range examples {
		src, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src))
	}
	f.Add("a {\n  x = <<EOT\n a\n\nEOT\n}\n/* c\n*/ b \"l\" { y = 1 } # z\n// q\nc {\n}")
	f.Add("a = [\n1,\n\n2\n]\nb = \"${\n1\n}\"\n")
	f.Fuzz(func(t *testing.T, src string) {
		once, diags := Source([]byte(src), "x.etl.hcl")
		if diags.HasErrors() {
			return
		}
		twice, diags := Source(once, "x.etl.hcl")
		if diags.HasErrors() {
			t.Fatalf("%q became %q, which doesn't parse: %v", src, once, diags)
		}
		if !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, then %q", src, once, twice)
		}
		if got, want := meaning(t, string(once)), meaning(t, src); got != want {
			t.Fatalf("%q means %s, and %q means %s", src, want, once, got)
		}
	})
}

// meaning is the tokens of a file without layout.
func meaning(t *testing.T, src string) string {
	t.Helper()
	src = strings.ReplaceAll(src, "\r\n", "\n")
	tokens, _ := hclsyntax.LexConfig([]byte(src), "", hcl.InitialPos)
	var b strings.Builder
	for _, token := range tokens {
		if token.Type == hclsyntax.TokenNewline {
			continue
		}
		text := string(token.Bytes)
		if token.Type == hclsyntax.TokenComment {
			text = strings.TrimRight(text, " \t\r\n")
		}
		if token.Type == hclsyntax.TokenCHeredoc {
			text = strings.TrimLeft(text, " \t")
		}
		b.WriteString(token.Type.String() + ":" + text + "|")
	}
	return b.String()
}
