package syntax

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"pgregory.net/rapid"
)

// outline lists what was read: a line an attribute, `?` where its value is lost, `…` where something without a name is.
func outline(body *hclsyntax.Body, path string) []string {
	var lines []string
	for name, attr := range body.Attributes {
		switch {
		case name == "":
			lines = append(lines, path+"…")
		case IsLost(attr.Expr):
			lines = append(lines, path+name+" ?")
		default:
			lines = append(lines, path+name)
		}
	}
	for i, block := range body.Blocks {
		lines = append(lines, outline(block.Body, fmt.Sprintf("%s%s[%d].", path, strings.Join(append([]string{block.Type}, block.Labels...), " "), i))...)
	}
	slices.Sort(lines)
	return lines
}

func TestRecovery(t *testing.T) {
	cases := map[string]struct {
		text, mistakes, read string
	}{
		"several mistakes in one block": {
			"table \"silver\" \"a\" {\n  from = table.bronze.o\n  filter { where = = 1 }\n  derive {\n    x = 1 +\n    y = 2\n  }\n  sort { by = [a] }\n  doc = 'x'\n}\n",
			"3 Invalid expression, 5 Invalid expression, 9 Operator of another language",
			"table silver a[0].derive[1].x ?, table silver a[0].derive[1].y, table silver a[0].doc ?, table silver a[0].filter[0].where ?, " +
				"table silver a[0].filter[0].…, table silver a[0].from, table silver a[0].sort[2].by",
		},
		"a nested block that isn't closed": {
			"table \"silver\" \"a\" {\n  filter {\n    where = x\n  derive {\n    y = 2\n  }\n  doc = \"x\"\n}\n",
			"2 Unclosed configuration block",
			"table silver a[0].derive[1].y, table silver a[0].doc, table silver a[0].filter[0].where",
		},
		"a last block that isn't closed": {
			"table \"silver\" \"a\" {\n  filter {\n    where = x\n  }\n  derive {\n    y = 2\n}\n\ntable \"silver\" \"b\" {\n  doc = \"x\"\n}\n",
			"5 Unclosed configuration block",
			"table silver a[0].derive[1].y, table silver a[0].filter[0].where, table silver b[1].doc",
		},
		"a table that isn't closed": {
			"table \"silver\" \"a\" {\n  filter {\n    where = x\n  }\n\ntable \"silver\" \"b\" {\n  doc = \"x\"\n}\n",
			"1 Unclosed configuration block",
			"table silver a[0].filter[0].where, table silver b[1].doc",
		},
		"a bracket that isn't closed": {
			"locals {\n  a = [1, 2\n  b = {\n    c = (1\n  }\n  d = 4\n}\n",
			"2 Unclosed bracket, 4 Unclosed bracket",
			"locals[0].a ?, locals[0].b ?, locals[0].d",
		},
		"a brace too many": {
			"locals {\n  a = 1\n}\n}\nlayer \"x\" {\n  doc = \"x\"\n}\n",
			"4 Argument or block definition required",
			"layer x[1].doc, locals[0].a",
		},
		"a header that can't be read": {
			"table \"silver \"a\" {\n  x = 1\n}\nlocals {\n  b = 1\n}\n",
			"1 Unterminated text",
			"locals[1].b, table silver  a[0].…, …",
		},
		"a name that stands twice": {
			"locals {\n  a = 1\n  b = = 2\n  a = 3\n}\n",
			"3 Invalid expression, 4 Attribute redefined",
			"locals[0].a, locals[0].b ?",
		},
		"text that isn't closed": {
			"locals {\n  a = \"x\n  b = \"${\"\n  c = \"y\"\n}\n",
			"2 Unterminated text, 3 Unterminated text",
			"locals[0].a ?, locals[0].b ?, locals[0].c",
		},
		"text of several lines": {
			"table \"gold\" \"a\" {\n  sql = <<-SQL\n    SELECT a = 1\n    x {\n  SQL\n  doc = = 1\n  tags = {\n}\n",
			"6 Invalid expression, 7 Unclosed bracket",
			"table gold a[0].doc ?, table gold a[0].sql, table gold a[0].tags ?",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f, diags := Parse([]byte(c.text), "x.etl.hcl")
			var mistakes []string
			for _, d := range diags {
				mistakes = append(mistakes, fmt.Sprintf("%d %s", d.Subject.Start.Line, d.Summary))
			}
			if got := strings.Join(mistakes, ", "); got != c.mistakes {
				t.Errorf("mistakes: %s\nwant:     %s\n%v", got, c.mistakes, diags)
			}
			if got := strings.Join(outline(f.Body, ""), ", "); got != c.read {
				t.Errorf("read: %s\nwant: %s", got, c.read)
			}
		})
	}
}

// written is a file and its leaves: the lines with an attribute, and what the attribute is called in the outline.
type written struct {
	lines  []string
	leaves map[int]string
}

func (w *written) body(t *rapid.T, depth int, path string) {
	indent, blocks := strings.Repeat("  ", depth), 0
	for i := range rapid.IntRange(1, 4).Draw(t, "items") {
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind == 0 && depth < 4:
			w.lines = append(w.lines, indent+"step \"a\" {")
			w.body(t, depth+1, fmt.Sprintf("%sstep a[%d].", path, blocks))
			w.lines = append(w.lines, indent+"}")
			blocks++
		case kind == 1:
			name := fmt.Sprintf("text%d", i)
			w.lines = append(w.lines, indent+name+" = <<-EOT", indent+"  SELECT {", indent+"x = (", indent+"EOT")
			w.leaves[len(w.lines)-4] = path + name
		default:
			name := fmt.Sprintf("a%d", i)
			w.lines = append(w.lines, indent+name+" = f([1, \"${x}\"], { a = 1 }) # {")
			w.leaves[len(w.lines)-1] = path + name
		}
	}
}

func draw(t *rapid.T) *written {
	w := &written{leaves: map[int]string{}}
	for i := range rapid.IntRange(1, 3).Draw(t, "blocks") {
		w.lines = append(w.lines, fmt.Sprintf("table \"silver\" \"t%d\" {", i))
		w.body(t, 1, fmt.Sprintf("table silver t%d[%d].", i, i))
		w.lines = append(w.lines, "}", "")
	}
	return w
}

// where are the lines, sorted, of which one thing is true.
func (w *written) where(ok func(line string) bool) []int {
	var found []int
	for i, line := range w.lines {
		if ok(line) {
			found = append(found, i)
		}
	}
	return found
}

// holds parses what was written; the outline must be that of the leaves, but for one, with one mistake on a line.
func (w *written) holds(t *rapid.T, damaged string, line int) {
	var want []string
	for _, leaf := range w.leaves {
		if leaf == damaged {
			leaf += " ?"
		}
		want = append(want, leaf)
	}
	slices.Sort(want)
	src := strings.Join(w.lines, "\n")
	f, diags := Parse([]byte(src), "x.etl.hcl")
	if got := outline(f.Body, ""); !slices.Equal(got, want) {
		t.Fatalf("%s\nread %v\nwant %v\n%v", src, got, want, diags)
	}
	if len(diags) != 1 || diags[0].Subject.Start.Line != line+1 {
		t.Fatalf("%s\nthe mistake is on line %d: %v", src, line+1, diags)
	}
}

// Of a file in which one attribute is damaged, all others are read, and the mistake is reported once, on its line.
func TestOneMistakeHidesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		single := w.where(func(line string) bool { return strings.HasSuffix(line, "# {") })
		if len(single) == 0 {
			return
		}
		at := rapid.SampledFrom(single).Draw(t, "damaged")
		damage := rapid.SampledFrom([]string{"= 1", "", "1 +", "(1", "[1, {", "\"x", "f(1", "a b", "1 2", "'x'", "a::b", ")", "}", "]}", "\"${"}).Draw(t, "damage")
		name, _, _ := strings.Cut(w.lines[at], "=")
		w.lines[at] = name + "= " + damage
		w.holds(t, w.leaves[at], at)
	})
}

// Of a file that lacks a closing brace, all is read, and the mistake is reported once, at the block that lacks it.
func TestMissingBrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := draw(t)
		at := rapid.SampledFrom(w.where(func(line string) bool { return strings.TrimSpace(line) == "}" })).Draw(t, "brace")
		header := at
		for indent := width([]byte(w.lines[at])); header == at || width([]byte(w.lines[header])) > indent || !strings.HasSuffix(w.lines[header], " {") ||
			strings.Contains(w.lines[header], "SELECT"); {
			header--
		}
		w.lines[at] = ""
		w.holds(t, "", header)
	})
}
