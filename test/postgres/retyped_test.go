package postgres

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

const retyped = shopConnection + `source "postgres" "held" {
  connection = connection.postgres.shop
  table      = "public.held"
  TYPES
  extract "delta" {}
}
table "bronze" "held" {
  from = source.postgres.held
  write "merge" { key = [id] }
}
`

// TestTypeAltered gives a column another type: the plan warns, and what the warning says brings the values back.
func TestTypeAltered(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY, c int); INSERT INTO held VALUES (1, 1)")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(retyped, "TYPES", "")})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "ALTER TABLE held ALTER c TYPE text USING c::text")
	d.exec(t, "INSERT INTO held VALUES (2, 'two')")
	if r := p.must(t, 0, "plan"); !r.Says("Values of another type", "types = { c = string }") {
		t.Errorf("the plan says nothing of the type:\n%s", r.Output())
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.held")
	if got := p.ask(t, "SELECT id, c FROM bronze.held ORDER BY id"); !slices.Equal(got, []string{"1|1"}) {
		t.Errorf("read anew with the recorded type, the rows are %v", got)
	}
	p.Write(t, map[string]string{"shop.etl.hcl": strings.ReplaceAll(retyped, "TYPES", "types = { c = string }")})
	p.must(t, 0, "apply", "-auto-approve")
	if got := p.ask(t, "SELECT id, c FROM bronze.held ORDER BY id"); !slices.Equal(got, []string{"1|1", "2|two"}) {
		t.Errorf("the rows are %v", got)
	}
}

// TestTypeAlteredWithOtherValues alters types: where rows that don't change may have other values, the plan says so until the next
// changes are read; where they can't, it says nothing.
func TestTypeAlteredWithOtherValues(t *testing.T) {
	d := newDatabase(t)
	for name, test := range map[string]struct{ was, is, says string }{
		"computed":          {"int", "bigint USING c * 1000", `"c" was integer and is bigint`},
		"another type":      {"int", "text USING 'number ' || c", ""}, // warned of otherwise: it doesn't fit
		"text of a number":  {"text", "int USING c::int * 2", `"c" was text and is integer`},
		"rounded":           {"timestamp", "timestamp(0)", `"c" was timestamp without time zone and is timestamp(0) without time zone`},
		"padded":            {"char(3)", "char(5)", `"c" was character(3) and is character(5)`},
		"padded texts":      {"varchar(3)", "char(5)", `"c" was character varying(3) and is character(5)`},
		"blanks taken off":  {"char(3)", "text", `"c" was character(3) and is text`},
		"longer":            {"varchar(10)", "varchar(20)", ""},
		"of any length":     {"varchar(10)", "text", ""},
		"of some length":    {"text", "varchar(10)", ""},
		"more digits":       {"numeric(8, 2)", "numeric(12, 2)", ""},
		"more exactly":      {"timestamptz(0)", "timestamptz(3)", ""},
		"exactly":           {"time(0)", "time", ""},
		"nothing of a type": {"int", "int", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d.exec(t, "DROP TABLE IF EXISTS held; CREATE TABLE held (id int PRIMARY KEY, c %s)", test.was)
			l := newLakehouse(t, d.delta(t, "held"))
			l.apply()
			d.exec(t, "ALTER TABLE held ALTER c TYPE %s", test.is)
			d.exec(t, "VACUUM FULL held")
			d.exec(t, "INSERT INTO held (id) VALUES (3)")
			if got := l.plan().Warnings.Error(); strings.Contains(got, "Type altered") != (test.says != "") || !strings.Contains(got, test.says) {
				t.Errorf("said %q", got)
			}
			l.apply()
			if got := l.plan().Warnings.Error(); strings.Contains(got, "Type altered") {
				t.Errorf("said once more %q", got)
			}
		})
	}
}

// TestTypesOfOldCursors reads on from a cursor that doesn't tell the types, and records them.
func TestTypesOfOldCursors(t *testing.T) {
	d := newDatabase(t)
	l := held(t, d, tables()["a table"])
	var cursor map[string]any
	if err := json.Unmarshal(l.cursor[""], &cursor); err != nil || cursor["types"] == nil {
		t.Fatalf("the cursor is %v: %v", cursor, err)
	}
	delete(cursor, "types")
	l.cursor[""], _ = json.Marshal(cursor)
	d.exec(t, "%s", writing)
	l.apply()
	l.equals()
	d.exec(t, "ALTER TABLE held ALTER a TYPE bigint USING a * 1000")
	if got := l.plan().Warnings.Error(); !strings.Contains(got, `"a" was integer and is bigint`) {
		t.Errorf("said %q", got)
	}
}

// TestLabelsRenamed renames labels of enumerations: the plan says so until the next changes are read, and nothing of labels that are added.
func TestLabelsRenamed(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE DOMAIN spirits AS mood; CREATE TYPE other AS ENUM ('a');
		CREATE TABLE held (id int PRIMARY KEY, m mood, list mood[], s spirits, o other, n int); INSERT INTO held VALUES (1, 'sad', '{sad,ok}', 'ok', 'a', 1)`)
	l := newLakehouse(t, d.delta(t, "held"))
	l.apply()
	for _, test := range [][2]string{
		{"ALTER TYPE mood ADD VALUE 'glad'", ""},
		{"ALTER TYPE mood ADD VALUE 'bad' BEFORE 'sad'", ""},
		{"ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'", ": m, list, s."},
		{"ALTER TYPE mood ADD VALUE 'wild'; ALTER TYPE mood RENAME VALUE 'wild' TO 'mild'", ""},
		{"ALTER TYPE mood ADD VALUE 'calm'; ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'", ": m, list, s."},
		{"ALTER TYPE other RENAME VALUE 'a' TO 'b'", ": o."},
		{"ALTER TYPE mood RENAME TO feeling", ""},
		{"ALTER TABLE held ALTER m TYPE other USING 'b'", ""}, // another warning's
	} {
		for _, sql := range strings.Split(test[0], "; ") {
			d.exec(t, "%s", sql)
		}
		d.exec(t, "UPDATE held SET n = n + 1")
		said := l.plan().Warnings.Error()
		if strings.Contains(said, "Labels renamed") != (test[1] != "") || !strings.Contains(said, test[1]) {
			t.Errorf("%s: said %q", test[0], said)
		}
		l.apply()
		l.equals()
		if said := l.plan().Warnings.Error(); strings.Contains(said, "Labels renamed") {
			t.Errorf("%s: said once more %q", test[0], said)
		}
	}
}
