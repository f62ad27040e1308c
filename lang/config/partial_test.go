package config

import (
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/lang/addr"
)

// What could be read of a project with mistakes is there, and marked where something is missing.
func TestWhatCouldBeRead(t *testing.T) {
	text := base + `
table "silver" "whole" { from = table.bronze.o }
table "silver" "from" { from = table.bronze.nowhere }
table "silver" "steps" {
  from = table.bronze.o
  filter { where = nothing(a) || b }
  frobnicate { }
  derive {
    x = = 1
    y = b
  }
  select { columns = [a, "b"] }
  partition_by = [weekly(a), b]
  sort_by      = [lower(a), b]
  write "merge" { key = [a, "b"] }
  column "a" { type = lng }
  expect "fail" "good" { that = a > 0 }
  expect "fail" "bad" { unique = "a" }
}
table "silver" "sql" { sql = "" }
table "silver" "holes" { sql = "SELECT ${var.nope}" }
table "silver" "twice" { from = table.bronze.o }
table "silver" "twice" { from = table.silver.whole }
table "silver" "keys" {
  for_each = var.nope
  from     = table.bronze.o
}
etl { project = 7.5[0] }
`
	p, diags := project(t, map[string]string{"a.etl.hcl": text}, nil)
	if !diags.HasErrors() {
		t.Fatal("no mistake was found")
	}
	var got []string
	for _, list := range [][]*Table{p.Tables, p.Nameless} {
		for _, table := range list {
			got = append(got, fmt.Sprintf("%s partial %v contested %v", table.Addr, table.Partial, table.Contested))
		}
		got = append(got, "")
	}
	want := `table.bronze.o partial false contested false
table.silver.from partial true contested false
table.silver.holes partial true contested false
table.silver.sql partial true contested false
table.silver.steps partial true contested false
table.silver.twice partial false contested true
table.silver.whole partial false contested false

table.silver.keys partial false contested false
table.silver.twice partial false contested false
`
	if all := strings.Join(got, "\n"); all != want {
		t.Errorf("got:\n%s", all)
	}
	steps := table(t, p, "table.silver.steps")
	shown := fmt.Sprintln(steps.Steps[0].(*Filter).Where, steps.Steps[1].Kind(), steps.Steps[2].(*Derive).Columns[0].Expr, steps.Steps[2].(*Derive).Columns[1].Expr,
		len(steps.Steps[3].(*Select).Columns), steps.Partition, steps.Sort[0].Expr, steps.Write.Key, len(steps.Columns), len(steps.Expects))
	if want := "… || b frobnicate … b 2 [b] b [a] 1 1\n"; shown != want {
		t.Errorf("of the steps there is %s, want %s", shown, want)
	}
	if holes := table(t, p, "table.silver.holes"); holes.SQL == nil || !holes.SQL.Holes || !p.Lakehouse.Partial {
		t.Errorf("SQL %v, lakehouse %v", holes.SQL, p.Lakehouse)
	}
}

// Names that may be declared in what can't be read are not unknown.
func TestUnreadableFilesHideNames(t *testing.T) {
	files := map[string]string{
		"a.etl.hcl": base + "table \"silver\" \"a\" {\n  from = table.bronze.other\n  filter { where = mine(a) && b > var.v && c > local.l }\n}\n" +
			"table \"mine\" \"b\" { from = table.silver.a }\n",
		"b.etl.hcl": "locals {\n  a = \"gr\xfc\xdfe\"\n}\n",
	}
	p, diags := project(t, files, nil)
	if len(diags) != 1 || diags[0].Summary != "File is not UTF-8" {
		t.Error(render(t, p, diags))
	}
	if !p.MayDeclare(addr.Ident{Namespace: "silver", Name: "whatever"}) {
		t.Error("any table may be declared in the file that can't be read")
	}
}

// A byte order mark is no part of the text: not of its first name, and not of its positions.
func TestByteOrderMark(t *testing.T) {
	p, diags := project(t, map[string]string{"a.etl.hcl": "\xef\xbb\xbflocals { a = var.nope }\n"}, nil)
	if len(diags) != 1 || diags[0].Subject.Start.Column != 14 || !strings.HasPrefix(string(p.Files["a.etl.hcl"].Bytes), "locals") {
		t.Error(render(t, p, diags))
	}
}
