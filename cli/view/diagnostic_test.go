package view

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// source parses a file and finds ranges in it.
type source struct {
	name, text string
	file       *hcl.File
}

func parse(t *testing.T, name, text string) source {
	t.Helper()
	file, _ := hclsyntax.ParseConfig([]byte(text), name, hcl.InitialPos)
	return source{name, text, file}
}

// at is the range of the n-th occurrence of a piece, from 0.
func (s source) at(piece string, n int) *hcl.Range {
	start := -1
	for ; n >= 0; n-- {
		start += 1 + strings.Index(s.text[start+1:], piece)
	}
	line := 1 + strings.Count(s.text[:start], "\n")
	return &hcl.Range{
		Filename: s.name,
		Start:    hcl.Pos{Line: line, Column: 1, Byte: start},
		End:      hcl.Pos{Line: line + strings.Count(piece, "\n"), Column: 1, Byte: start + len(piece)},
	}
}

func (s source) files() map[string]*hcl.File { return map[string]*hcl.File{s.name: s.file} }

func printed(t *testing.T, s source, opt Options, diags ...*hcl.Diagnostic) string {
	t.Helper()
	var b bytes.Buffer
	if err := Diagnostics(&b, diags, s.files(), opt); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDiagnosticOfTheDesign(t *testing.T) {
	s := parse(t, "orders.etl.hcl", "table \"silver\" \"orders\" {\n  filter { where = amuont > 0 && email != null }\n}\n")
	got := printed(t, s, Options{Width: 80}, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Unknown column",
		Detail:  `The input of this step has no column "amuont". Did you mean "amount"?`,
		Subject: s.at("amuont", 0),
	})
	want := `Error: Unknown column

  on orders.etl.hcl line 2, in table "silver" "orders":
  2:   filter { where = amuont > 0 && email != null }
                        ^^^^^^
The input of this step has no column "amuont". Did you mean "amount"?
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestCaretsStandUnderTheCharacters(t *testing.T) {
	for name, test := range map[string]struct{ line, piece, code, carets string }{
		"ascii":       {`a = bad`, `bad`, `  1: a = bad`, `         ^^^`},
		"tabs":        {"\ta = \tbad", "bad", `  1:     a =     bad`, `                 ^^^`},
		"tab inside":  {"a = b\tc", "b\tc", `  1: a = b   c`, `         ^^^^^`},
		"wide":        {`名前 = bad`, `bad`, `  1: 名前 = bad`, `            ^^^`},
		"wide marked": {`a = 名前`, `名前`, `  1: a = 名前`, `         ^^^^`},
		"emoji":       {`a = "👩‍👩‍👧❤️" + bad`, `bad`, `  1: a = "👩‍👩‍👧❤️" + bad`, `                  ^^^`},
		"combining":   {"a = \"e\u0301\" + bad", `bad`, "  1: a = \"e\u0301\" + bad", `               ^^^`},
		"nothing":     {`a = `, ``, `  1: a =`, `     ^`},
		"control":     {"a = \x1b[2J bad", `bad`, `  1: a = \u001b[2J bad`, `                   ^^^`},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, "x.etl.hcl", test.line+"\n")
			subject := s.at(test.piece, 0)
			found, ok := newSources(s.files()).snippet(*subject)
			if !ok {
				t.Fatal("the source is not found")
			}
			code, carets := found.lines("1", newRedactor(nil))
			if code != test.code || carets != test.carets {
				t.Errorf("got\n%s\n%s\nwant\n%s\n%s", code, carets, test.code, test.carets)
			}
		})
	}
}

func TestLongLinesAreCut(t *testing.T) {
	s := parse(t, "x.etl.hcl", "a = \""+strings.Repeat("x", 5000)+"\" + bad + \""+strings.Repeat("y", 5000)+"\"\n")
	out := printed(t, s, Options{}, &hcl.Diagnostic{Summary: "S", Subject: s.at("bad", 0)})
	lines := strings.Split(out, "\n")
	if columns(lines[3]) > longestLine+20 {
		t.Errorf("a line of %d columns", columns(lines[3]))
	}
	caret := strings.Index(lines[4], "^^^")
	if !strings.HasPrefix(string([]rune(lines[3])[caret:]), "bad") {
		t.Errorf("carets at %d:\n%s\n%s", caret, lines[3], lines[4])
	}
}

func TestRangesBeyondTheFile(t *testing.T) {
	s := parse(t, "x.etl.hcl", "a = 1\n")
	for name, r := range map[string]hcl.Range{
		"after the end": {Filename: "x.etl.hcl", Start: hcl.Pos{Line: 9, Byte: 999}, End: hcl.Pos{Line: 9, Byte: 1005}},
		"other file":    {Filename: "gone.etl.hcl", Start: hcl.Pos{Line: 3}, End: hcl.Pos{Line: 3}},
		"end first":     {Filename: "x.etl.hcl", Start: hcl.Pos{Line: 1, Byte: 4}, End: hcl.Pos{Line: 1, Byte: 1}},
		"several lines": {Filename: "x.etl.hcl", Start: hcl.Pos{Line: 1, Byte: 4}, End: hcl.Pos{Line: 2, Byte: 6}},
	} {
		out := printed(t, s, Options{}, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "S", Detail: "D.", Subject: &r})
		if !strings.Contains(out, "on "+r.Filename+" line ") || !strings.Contains(out, "D.") {
			t.Errorf("%s: got\n%s", name, out)
		}
	}
}

func TestPlacesThatAreNoFiles(t *testing.T) {
	for name, want := range map[string]string{"-var": "  on -var:\n", "ETL_VAR_limit": "  on ETL_VAR_limit:\n"} {
		r := &hcl.Range{Filename: name}
		if name == "-var" {
			r.Start.Line = 1
		}
		var b bytes.Buffer
		if err := Diagnostics(&b, hcl.Diagnostics{{Severity: hcl.DiagError, Summary: "S", Subject: r}}, nil, Options{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), want) {
			t.Errorf("got %q", b.String())
		}
	}
}

func TestSecretsAreHidden(t *testing.T) {
	s := parse(t, "x.etl.hcl", "connection \"postgres\" \"shop\" {\n  dsn = \"hunter2\" + bad\n}\n")
	secret := Options{Sensitive: []string{"hunter2", "x", "", "line one\nline two"}}
	d := &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: "Cannot connect", Detail: `The server refused "hunter2", x, xylophone, line two.`,
		Subject:     s.at("bad", 0),
		Expression:  &hclsyntax.ScopeTraversalExpr{Traversal: hcl.Traversal{hcl.TraverseRoot{Name: "dsn"}}},
		EvalContext: &hcl.EvalContext{Variables: map[string]cty.Value{"dsn": cty.StringVal("hunter2")}},
	}
	for _, json := range []bool{false, true} {
		secret.JSON = json
		out := printed(t, s, secret, d)
		if strings.Contains(out, "hunter2") || strings.Contains(out, "line two") {
			t.Errorf("the secret is printed:\n%s", out)
		}
		if !strings.Contains(out, ", (sensitive), xylophone, (sensitive).") {
			t.Errorf("too much or too little is hidden:\n%s", out)
		}
	}
	secret.JSON = false
	lines := strings.Split(printed(t, s, secret, d), "\n")
	if at := strings.Index(lines[3], "bad"); at != strings.Index(lines[4], "^^^") {
		t.Errorf("the carets do not follow the hidden value:\n%s\n%s", lines[3], lines[4])
	}
}

func TestValuesOfAnExpression(t *testing.T) {
	expr, diags := hclsyntax.ParseExpression([]byte(`var.limit + var.secret + var.later + var.names["a"]`), "x", hcl.InitialPos)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	got := values(&hcl.Diagnostic{Expression: expr, EvalContext: &hcl.EvalContext{Variables: map[string]cty.Value{
		"var": cty.ObjectVal(map[string]cty.Value{
			"limit": cty.NumberIntVal(12), "secret": cty.StringVal("hunter2").Mark("sensitive"), "later": cty.UnknownVal(cty.String),
			"names": cty.MapVal(map[string]cty.Value{"a": cty.StringVal("b")}),
		}),
	}}})
	want := []string{
		"var.later is known after apply", "var.limit is 12", `var.names["a"] is "b"`, "var.secret is a sensitive value",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRepeatsAreFolded(t *testing.T) {
	s := parse(t, "x.etl.hcl", "a = bad\nb = bad\nc = bad\nd = worse\n")
	unknown := func(n int) *hcl.Diagnostic {
		return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown", Detail: "No such thing.", Subject: s.at("bad", n)}
	}
	other := &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Unknown", Detail: "Another thing.", Subject: s.at("worse", 0)}
	warning := &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Old", Detail: "Write new.", Subject: s.at("d", 2)}
	out := printed(t, s, Options{}, other, unknown(2), unknown(0), unknown(1), unknown(1), warning)
	golden(t, "diagnostics_folded.txt", []byte(out))
	if shuffled := printed(t, s, Options{}, unknown(1), warning, unknown(0), other, unknown(2), unknown(2)); shuffled != out {
		t.Errorf("the order they come in shows:\n%s", shuffled)
	}
}

func TestDiagnosticsJSON(t *testing.T) {
	s := parse(t, "x.etl.hcl", "table \"silver\" \"orders\" {\n  a = <bad>\n}\n")
	s.file.Nav = nil // as the loader gives it
	diags := hcl.Diagnostics{
		{Severity: hcl.DiagError, Summary: "Unknown", Detail: "No <such> thing.", Subject: s.at("bad", 0)},
		{Severity: hcl.DiagWarning, Summary: "No place", Detail: "Anywhere."},
	}
	var document bytes.Buffer
	if err := DiagnosticsDocument(&document, diags, s.files(), Options{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "diagnostics.json", document.Bytes())
	events := printed(t, s, Options{JSON: true}, diags...)
	golden(t, "diagnostics.jsonl", []byte(events))
	for line := range strings.SplitSeq(strings.TrimSpace(events), "\n") {
		if !json.Valid([]byte(line)) {
			t.Errorf("not one JSON object a line: %s", line)
		}
	}
	var empty bytes.Buffer
	if err := DiagnosticsDocument(&empty, nil, nil, Options{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(empty.String(), `"valid": true`) || !strings.Contains(empty.String(), `"diagnostics": []`) {
		t.Errorf("no diagnostics: %s", empty.String())
	}
}

func FuzzDiagnostics(f *testing.F) {
	f.Add("table \"a\" \"b\" {\n\tx = 名前\n}\n", "x", 5, 20, 2)
	f.Add("\xff\xfe\t\r\n", "é", 0, 3, 1)
	f.Fuzz(func(t *testing.T, text, secret string, start, end, line int) {
		s := parse(t, "x.etl.hcl", text)
		d := &hcl.Diagnostic{
			Severity: hcl.DiagError, Summary: text, Detail: text,
			Subject: &hcl.Range{Filename: "x.etl.hcl", Start: hcl.Pos{Line: line, Byte: start}, End: hcl.Pos{Line: line, Byte: end}},
		}
		out := printed(t, s, Options{Sensitive: []string{secret}}, d)
		if strings.ContainsAny(out, "\x1b\r\x00\u202E") {
			t.Errorf("control characters in %q", out)
		}
		if len(secret) >= shortest && strings.Contains(newRedactor([]string{secret}).text(text), secret) && !strings.Contains(hiddenValue, secret) {
			// Only a value that arises anew across the placeholder may remain.
			if !strings.Contains(strings.ReplaceAll(text, secret, hiddenValue), secret) {
				t.Errorf("%q is left in %q", secret, text)
			}
		}
		printed(t, s, Options{JSON: true, Sensitive: []string{secret}}, d)
	})
}
