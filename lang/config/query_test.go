package config

import (
	"strings"
	"testing"
)

// Every word of a query is found again where it was written.
func TestQueryPositions(t *testing.T) {
	files := map[string]string{
		"a.etl.hcl": base + "locals {\n  least = -5\n  list  = [\"it's\", \"b\"]\n}\n" + `
table "silver" "flush" {
  sql = <<-SQL
    SELECT id,
      region AS grüße,
        email
    FROM bronze.o -- ${"c"}
    WHERE amount > ${local.least} AND region IN ${local.list}
      AND note = '$${x}' AND other
  SQL
}
table "silver" "plain" {
  sql = <<SQL
  SELECT id
    FROM bronze.o
SQL
}
table "silver" "quoted" { sql = "SELECT \"id\" AS a,\n\t'\u00e9' AS b FROM ${table.bronze.o} WHERE last" }
table "silver" "file" { sql = file("sql/q.sql") }
table "silver" "local" { sql = "${local.least} last" }
`,
		"sql/q.sql": "-- query\nSELECT ${not}\n  FROM bronze.o\n",
	}
	p, diags := project(t, files, nil)
	if diags.HasErrors() {
		t.Fatal(render(t, p, diags))
	}
	words := map[string][]string{
		"flush":  {"SELECT", "id", "region", "grüße", "email", "FROM", "bronze.o", "WHERE", "amount", "AND", "note", "other"},
		"plain":  {"SELECT", "id", "FROM", "bronze.o"},
		"quoted": {"SELECT", "AS a", "AS b", "FROM", "WHERE", "last"},
		"file":   {"SELECT", "${not}", "FROM", "bronze.o"},
		"local":  {"last"},
	}
	for name, found := range words {
		q := table(t, p, "table.silver."+name).SQL
		src := string(p.Files[q.Filename].Bytes)
		for _, word := range found {
			at := q.At(strings.Index(q.Text, word))
			if !strings.HasPrefix(src[at.Byte:], word) {
				t.Errorf("%s: %q is found at %q", name, word, src[at.Byte:min(len(src), at.Byte+20)])
			}
			line := 1 + strings.Count(src[:at.Byte], "\n")
			column := 1 + len([]rune(src[strings.LastIndex(src[:at.Byte], "\n")+1:at.Byte]))
			if at.Line != line || at.Column != column {
				t.Errorf("%s: %q is at line %d, column %d, not %v", name, word, line, column, at)
			}
		}
		for _, offset := range []int{0, len(q.Text), len(q.Text) + 10} {
			if at := q.At(offset); at.Byte > len(src) || at.Line < 1 {
				t.Errorf("%s: offset %d is at %v", name, offset, at)
			}
		}
	}
}

func TestQueryText(t *testing.T) {
	p := good(t, base+`
locals {
  least = -5
  list  = ["it's", "b"]
}
table "silver" "r" {
  for_each = toset(["eu"])
  from     = table.bronze.o
}
table "silver" "a" {
  for_each = toset(["eu"])
  sql = <<-SQL
    SELECT -${local.least}, ${0.1}, ${true}, ${null}, ${local.list}, ${{ a = 1 }}
    FROM ${table.bronze.o} JOIN ${table.silver.r["eu"]} JOIN ${table.silver.r[each.key]}
    WHERE region = ${each.key} AND x = '$${y}' AND z LIKE 'a%%{'
  SQL
}
`)
	want := `SELECT -(-5), 0.1, TRUE, NULL, ['it''s', 'b'], {'a': 1}
FROM "bronze"."o" JOIN "silver"."r_eu" JOIN "silver"."r_eu"
WHERE region = 'eu' AND x = '${y}' AND z LIKE 'a%{'
`
	if got := table(t, p, `table.silver.a["eu"]`).SQL.Text; got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
