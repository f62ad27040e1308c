package postgres

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
)

const (
	unmatched = "Columns that can't be matched"
	swap      = "BEGIN; ALTER TABLE held RENAME a TO t; ALTER TABLE held RENAME b TO a; ALTER TABLE held RENAME t TO b; COMMIT"
	writing   = "UPDATE held SET a = a + 1 WHERE id = 1"
)

// held is a table with three rows that is followed, and was read.
func held(t *testing.T, d *database, create string) *lakehouse {
	t.Helper()
	d.exec(t, "DROP TABLE IF EXISTS held")
	d.exec(t, "%s", create)
	d.exec(t, "INSERT INTO held (id, a, b) VALUES (1, 10, 100), (2, 20, 200), (7, 70, 700)")
	l := newLakehouse(t, d.delta(t, "held"))
	l.apply()
	l.equals()
	return l
}

func tables() map[string]string {
	return map[string]string{
		"a table":    "CREATE TABLE held (id int PRIMARY KEY, a int, b int)",
		"whole rows": "CREATE TABLE held (gone int, id int PRIMARY KEY, b int, a int); ALTER TABLE held DROP gone; ALTER TABLE held REPLICA IDENTITY FULL",
		"partitions": `CREATE TABLE held (id int PRIMARY KEY, a int, b int) PARTITION BY RANGE (id); CREATE TABLE held_1 PARTITION OF held FOR VALUES FROM (0) TO (5);
			CREATE TABLE held_2 (b int, gone int, a int, id int NOT NULL); ALTER TABLE held_2 DROP gone; ALTER TABLE held ATTACH PARTITION held_2 DEFAULT`,
	}
}

// inTurn runs statements by themselves, so that each of them is a transaction unless they say otherwise.
func (d *database) inTurn(t testing.TB, sql string) {
	t.Helper()
	for _, one := range strings.Split(sql, "; ") {
		d.exec(t, "%s", one)
	}
}

// TestNamesPass gives the names of columns to others. The plan says so, and so does a read that was planned before; read anew,
// all is right again.
func TestNamesPass(t *testing.T) {
	d := newDatabase(t)
	for kind, create := range tables() {
		for name, test := range map[string]struct {
			sql  string
			says []string
		}{
			"swapped":            {swap, []string{`"a" is now what was "b"`, `"b" is now what was "a"`}},
			"onto a dropped one": {"ALTER TABLE held DROP b; ALTER TABLE held RENAME a TO b", []string{`"b" is now what was "a"`}},
			"dropped and added":  {"ALTER TABLE held DROP a; ALTER TABLE held ADD a int DEFAULT 7", []string{`"a" was dropped, and another column has its name`}},
			"at once":            {"ALTER TABLE held DROP a, ADD a int", []string{`"a" was dropped, and another column has its name`}},
			"put aside":          {"ALTER TABLE held RENAME a TO old; ALTER TABLE held ADD a int", []string{`"a" is now called "old", and another column has its name`}},
			"filled before": {"ALTER TABLE held ADD c bigint; UPDATE held SET c = a; ALTER TABLE held DROP a; ALTER TABLE held RENAME c TO a",
				[]string{`"a" was dropped, and another column has its name`}},
		} {
			t.Run(kind+", "+name, func(t *testing.T) {
				l := held(t, d, create)
				d.exec(t, "%s", writing)
				planned := l.plan()
				d.inTurn(t, test.sql)
				response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
				if diags.HasErrors() || response.Resumable || response.Warnings[0].Summary != unmatched {
					t.Fatalf("said %v, %+v", diags, response)
				}
				d.exec(t, "INSERT INTO held (id) VALUES (3)")
				err := l.read(planned.Until)
				for _, words := range append(test.says, "public.held", "`etl apply -resnapshot`") {
					if !strings.Contains(response.Warnings[0].Detail, words) || err == nil || !strings.Contains(err.Error(), words) {
						t.Errorf("%s is missing in: %s\nor: %v", words, response.Warnings[0].Detail, err)
					}
				}
				l.cursor, l.position = nil, ""
				l.apply()
				l.equals()
				d.exec(t, "UPDATE held SET id = id + 10")
				l.apply()
				l.equals()
			})
		}
	}
}

// TestNamesComeBack lets a name be away while the table is read.
func TestNamesComeBack(t *testing.T) {
	d := newDatabase(t)
	for name, test := range map[string][2]string{
		"renamed and renamed back": {"ALTER TABLE held RENAME a TO c", "ALTER TABLE held RENAME c TO a"},
		"dropped, and added later": {"ALTER TABLE held DROP a", "ALTER TABLE held ADD a int"},
	} {
		t.Run(name, func(t *testing.T) {
			l := held(t, d, tables()["a table"])
			d.exec(t, "%s", test[0])
			d.exec(t, "UPDATE held SET b = 0 WHERE id = 1")
			l.apply()
			d.exec(t, "%s", test[1])
			response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
			if diags.HasErrors() || response.Resumable || !strings.Contains(response.Warnings.Error(), `"a" was gone, and is there again`) {
				t.Errorf("said %v, %+v", diags, response)
			}
		})
	}
}

// TestNamesComeBackAfterReadingAnew gives a column a name that the lakehouse's table still has, and no row that was read anew has a
// value under. The plan says so, and so does a read that was planned before. A name that nobody knows is a new column's.
func TestNamesComeBackAfterReadingAnew(t *testing.T) {
	d := newDatabase(t)
	for name, test := range map[string]struct{ away, back, says string }{
		"renamed and renamed back": {"ALTER TABLE held RENAME a TO c", "ALTER TABLE held RENAME c TO a", `"a" is now what was "c"`},
		"onto a dropped one":       {"ALTER TABLE held DROP a", "ALTER TABLE held RENAME b TO a", `"a" is now what was "b"`},
		"a later one": {"ALTER TABLE held DROP a; ALTER TABLE held ADD c int; UPDATE held SET c = 5", "ALTER TABLE held RENAME c TO a",
			`"a" is now what was "c"`},
		"to a new name": {"ALTER TABLE held RENAME a TO c", "ALTER TABLE held RENAME c TO e", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := held(t, d, tables()["a table"])
			d.inTurn(t, test.away)
			l.cursor, l.position = nil, ""
			l.apply()
			d.exec(t, "INSERT INTO held (id) VALUES (3)")
			l.apply()
			d.exec(t, "INSERT INTO held (id) VALUES (4)")
			planned := l.plan()
			d.exec(t, "%s", test.back)
			response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
			err := l.read(planned.Until)
			if test.says == "" {
				if diags.HasErrors() || !response.Resumable || err != nil {
					t.Errorf("said %v, %+v, %v", diags, response, err)
				}
				return
			}
			if diags.HasErrors() || response.Resumable || !strings.Contains(response.Warnings.Error(), test.says) || err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("said %v, %+v\n%v", diags, response, err)
			}
			l.cursor, l.position = nil, ""
			l.apply()
			l.equals()
		})
	}
}

// TestNameBackInTheLakehouse does the same with a table of the lakehouse: nothing is applied until it is read anew.
func TestNameBackInTheLakehouse(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY, a int, d int); INSERT INTO held VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(retyped, "TYPES", "")})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "ALTER TABLE held RENAME d TO e")
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.held")
	d.inTurn(t, "ALTER TABLE held RENAME e TO d; UPDATE held SET d = 60 WHERE id = 2")
	if r := p.must(t, 1, "apply", "-auto-approve"); !r.Says(unmatched, `"d" is now what was "e"`, "-resnapshot=table.bronze.held") {
		t.Errorf("said\n%s", r.Output())
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.held")
	if got := p.ask(t, "SELECT id, d FROM bronze.held ORDER BY id"); !slices.Equal(got, []string{"1|1", "2|60", "3|3"}) {
		t.Errorf("the rows are %v", got)
	}
}

// TestNameOfOld lets a name come back that no row has a value under: it was gone before the table was read anew.
func TestNameOfOld(t *testing.T) {
	d := newDatabase(t)
	l := held(t, d, tables()["a table"])
	d.exec(t, "ALTER TABLE held RENAME a TO c")
	l.apply()
	l.cursor, l.position = nil, ""
	l.apply()
	d.exec(t, "UPDATE held SET b = 0 WHERE id = 1")
	l.apply()
	l.equals()
	d.exec(t, "ALTER TABLE held ADD a int DEFAULT 7; UPDATE held SET b = 1")
	if plan := l.plan(); !strings.Contains(plan.Warnings.Error(), untold) || !strings.Contains(plan.Warnings.Error(), "have a default: a.") {
		t.Errorf("said %v", plan.Warnings)
	}
	l.apply()
	l.equals()
}

// TestNamesInBetween gives columns other names for as long as some rows change. The catalog looks as before afterwards; what
// the log tells does not.
func TestNamesInBetween(t *testing.T) {
	d := newDatabase(t)
	for name, test := range map[string]struct {
		sql, says string
	}{
		"swapped":         {swap + "; " + writing + "; " + swap, "had other names for a while"},
		"renamed":         {"ALTER TABLE held RENAME a TO c; UPDATE held SET b = 0; ALTER TABLE held RENAME c TO a", `"a" had another name for a while`},
		"new and renamed": {"ALTER TABLE held ADD c int; UPDATE held SET c = b; ALTER TABLE held RENAME c TO d", `"d" was called otherwise while rows changed`},
		"all at once":     {"BEGIN; ALTER TABLE held ADD c int; UPDATE held SET c = b; ALTER TABLE held RENAME c TO d; COMMIT", `"d" was called otherwise while rows changed`},
		"new and dropped": {"ALTER TABLE held ADD c int; UPDATE held SET c = b; ALTER TABLE held DROP c; ALTER TABLE held ADD c int",
			`"c" was dropped, and another column has its name`},
		"new and swapped": {"ALTER TABLE held ADD c int, ADD d int; UPDATE held SET c = b; ALTER TABLE held RENAME c TO t; ALTER TABLE held RENAME d TO c; ALTER TABLE held RENAME t TO d", "had other names for a while"},
	} {
		t.Run(name, func(t *testing.T) {
			l := held(t, d, tables()["a table"])
			d.inTurn(t, test.sql)
			until := l.plan().Until
			if err := l.read(until); err == nil || !strings.Contains(err.Error(), unmatched) || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("said %v", err)
			}
			l.cursor, l.position = nil, ""
			l.apply()
			l.equals()
		})
	}
}

// TestNamesThatStay changes a table in ways that leave its columns what they are.
func TestNamesThatStay(t *testing.T) {
	d := newDatabase(t)
	for kind, create := range tables() {
		t.Run(kind, func(t *testing.T) {
			l := held(t, d, create)
			for _, sql := range []string{
				"VACUUM FULL held", "ANALYZE held", "CREATE INDEX ON held (a)", "TRUNCATE held; INSERT INTO held SELECT i, i, i FROM generate_series(1, 9) i", "ALTER TABLE held ALTER a TYPE bigint",
				"ALTER TABLE held ALTER a SET NOT NULL, ALTER b SET DEFAULT 5, ALTER b SET STATISTICS 10", swap + "; " + swap,
				"ALTER TABLE held ADD c int; UPDATE held SET c = a; ALTER TABLE held ALTER c SET NOT NULL", "ALTER TABLE held ADD tmp int; UPDATE held SET tmp = a; ALTER TABLE held DROP tmp",
				"ALTER TABLE held ADD tmp int; UPDATE held SET tmp = a; ALTER TABLE held ADD d int; UPDATE held SET d = tmp; ALTER TABLE held DROP tmp", "ALTER TABLE held DROP c",
				"BEGIN; ALTER TABLE held ADD e int; UPDATE held SET e = a; COMMIT", "ALTER TABLE held ADD f int; ALTER TABLE held DROP f",
				"BEGIN; ALTER TABLE held ADD g int; SAVEPOINT s; UPDATE held SET g = a; COMMIT; ALTER TABLE held DROP g; BEGIN; ALTER TABLE held ADD h int; UPDATE held SET h = a; COMMIT",
				"ALTER TABLE held RENAME TO away; ALTER TABLE away RENAME TO held",
			} {
				d.inTurn(t, sql)
				d.exec(t, "%s", writing)
				l.apply()
				l.equals()
			}
		})
	}
}

// TestNumbersOfOldCursors follows on from cursors without columns, and records them.
func TestNumbersOfOldCursors(t *testing.T) {
	d := newDatabase(t)
	l := held(t, d, tables()["a table"])
	var cursor map[string]any
	if err := json.Unmarshal(l.cursor[""], &cursor); err != nil || cursor["columns"] == nil || cursor["last"] == nil {
		t.Fatalf("the cursor is %v: %v", cursor, err)
	}
	delete(cursor, "columns")
	delete(cursor, "last")
	l.cursor[""], _ = json.Marshal(cursor)
	d.exec(t, "%s", writing)
	l.apply()
	l.equals()
	d.exec(t, "%s", swap)
	if response, _ := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns}); response == nil || response.Resumable {
		t.Errorf("said %+v", response)
	}
}

// TestOtherTable gives the table's name to another one between the plan and the read, which a publication of all tables tells
// as well.
func TestOtherTable(t *testing.T) {
	d := newDatabase(t)
	d.asAdmin(t, d.name, "CREATE PUBLICATION everything FOR ALL TABLES")
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (1)")
	l := newLakehouse(t, publication(d.delta(t, "held"), "everything"))
	l.apply()
	d.exec(t, "INSERT INTO held VALUES (2)")
	until := l.plan().Until
	d.exec(t, "ALTER TABLE held RENAME TO away; CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (3)")
	if err := l.read(until); err == nil || !strings.Contains(err.Error(), "Another table") || !strings.Contains(err.Error(), "-resnapshot") {
		t.Errorf("said %v", err)
	}
	if response, _ := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns}); response == nil || response.Resumable || response.Warnings[0].Summary != "Another table" {
		t.Errorf("said %+v", response)
	}
	l.cursor, l.position = nil, ""
	l.apply()
	l.equals()
}
