package syntax

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
)

// One mistake doesn't hide those of other blocks, and blocks without one are read.
func TestParseGoesOn(t *testing.T) {
	src := `locals {
  a = = 1
}

table "silver" "good" {
  from = table.bronze.o
}

table "silver" "open" {
  tags = {

table "silver" "also_good" {
  sql = <<-SQL
table { not a block }
  SQL
}

table "silver" "text" {
  doc = "x
  from = 1
}

variable "v" {
  default = (1
}
`
	f, diags := Parse([]byte(src), "x.etl.hcl")
	var lines []int
	for _, d := range diags {
		lines = append(lines, d.Subject.Start.Line)
	}
	if want := []int{2, 9, 10, 19, 24}; !slices.Equal(lines, want) {
		t.Errorf("mistakes on lines %v: %v", lines, diags)
	}
	broken := map[string]bool{}
	for _, b := range f.Body.Blocks {
		if len(b.Labels) > 0 {
			broken[b.Labels[len(b.Labels)-1]] = Damaged(b.Body)
		}
		if !strings.HasPrefix(src[b.TypeRange.Start.Byte:], b.Type) {
			t.Errorf("%s is said to stand at %v", b.Type, b.TypeRange)
		}
	}
	for name, want := range map[string]bool{"good": false, "also_good": false, "text": true, "v": true} {
		if got, ok := broken[name]; !ok || got != want {
			t.Errorf("%s: found %v, broken %v", name, ok, got)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.etl.hcl", "locals {\n}\n")
	write("bom.etl.hcl", "\xef\xbb\xbflocals {\n}\n")
	write("latin.etl.hcl", "locals {\n  a = \"gr\xfc\xdfe\"\n}\n")
	write("utf16.etl.hcl", "\xff\xfel\x00o\x00")
	write(".#lock.etl.hcl", "=")
	write("other.hcl", "=")
	if err := os.Mkdir(filepath.Join(dir, "folder.etl.hcl"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, diags := Dir(context.Background(), dir)
	var read []string
	for _, f := range files {
		if !f.Unread {
			read = append(read, f.Name)
		}
	}
	if !slices.Equal(read, []string{"a.etl.hcl", "bom.etl.hcl"}) || len(files) != 5 {
		t.Errorf("%v of %d files are read", read, len(files))
	}
	want := map[string]string{
		"latin.etl.hcl": "Line 2", "utf16.etl.hcl": "UTF-16", "folder.etl.hcl": "folder",
	}
	for _, d := range diags {
		if text := want[d.Subject.Filename]; text == "" || !strings.Contains(d.Detail, text) {
			t.Errorf("%s: %s", d.Subject.Filename, d.Detail)
		}
		delete(want, d.Subject.Filename)
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
	_, diags = Dir(context.Background(), filepath.Join(dir, "nowhere"))
	if !diags.HasErrors() || diags[0].Summary != "File can't be read" {
		t.Errorf("a folder that isn't there: %v", diags)
	}
}

// HCL's parser would exhaust its stack, which no recover can stop.
func TestNestedTooDeeply(t *testing.T) {
	for _, level := range []string{"(", "-", "[", "{a=", "!", "\"${", "a?b:", "f(", "a ? (b) : ", "- -", "{\n", "(\na ?\nb : ", "1 + ", "a -", "a."} {
		src := "a {\n  x = " + strings.Repeat(level, 20_000) + "1\n}\n"
		_, diags := Parse([]byte(src), "x")
		if len(diags) != 1 || diags[0].Summary != "Nested too deeply" {
			t.Errorf("%q: %v", level, diags)
		}
	}
	blocks := strings.Repeat("a {\n", 20_000)
	if _, diags := Parse([]byte(blocks), "x"); len(diags) != 1 || diags[0].Summary != "Nested too deeply" {
		t.Errorf("blocks: %v", diags)
	}
	wide := "a {\n  x = [" + strings.Repeat("-1, !a, b ? 1 : 2, (3), ", 10_000) + "]\n}\n"
	if _, diags := Parse([]byte(wide), "x"); diags.HasErrors() {
		t.Errorf("a long list isn't deep: %v", diags)
	}
}

func TestPosition(t *testing.T) {
	src := []byte("aß\nb")
	for offset, want := range map[int]hcl.Pos{
		0: {Line: 1, Column: 1}, 3: {Line: 1, Column: 3, Byte: 3}, 4: {Line: 2, Column: 1, Byte: 4}, 99: {Line: 2, Column: 2, Byte: 5},
	} {
		if got := Position(src, offset); got != want {
			t.Errorf("%d is at %v, want %v", offset, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("table \"a\" \"b\" {\n  x = a <> 1\n}\n")
	f.Add("etl {\n x = a::b\n}\nlocals {\n y = 'x'\n}\n")
	f.Add("a = <<E\n${\n")
	f.Fuzz(func(t *testing.T, src string) {
		file, diags := Parse([]byte(src), "x")
		if file == nil && !diags.HasErrors() {
			t.Fatal("neither a file nor a mistake")
		}
		for _, d := range diags {
			if d.Subject != nil && (d.Subject.Start.Byte < 0 || d.Subject.End.Byte > len(src)+1 || d.Subject.Start.Line < 1) {
				t.Fatalf("%q: %s is out of the file: %v", src, d.Summary, d.Subject)
			}
		}
	})
}
