package postgres

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/plugins/sdk"
)

// writer makes up changes of a table.
type writer struct {
	t      *rapid.T
	added  int // columns
	schema bool
	odd    bool // values that can't be represented
	// passing says that names of columns may have passed to others since the last read.
	passing bool
}

func (w *writer) id(label string) int { return rapid.IntRange(1, 30).Draw(w.t, label) }

// statement is one change, or a few.
func (w *writer) statement() string {
	kinds := []string{"insert", "insert", "insert", "update", "update", "toast", "big", "key", "delete", "range", "upsert", "savepoint"}
	if w.schema {
		kinds = append(kinds, "truncate", "add", "drop", "widen", "other", "swap", "again", "away")
	}
	if w.odd {
		kinds = append(kinds, "odd", "odd", "mend", "mend", "odd insert", "odd move", "truncate")
	}
	switch rapid.SampledFrom(kinds).Draw(w.t, "kind") {
	case "insert":
		return fmt.Sprintf("INSERT INTO moving (id, part, n, s) VALUES (%d, %d, %d, 'i') ON CONFLICT DO NOTHING", w.id("id"), w.id("part")%2, w.id("n"))
	case "update":
		return fmt.Sprintf("UPDATE moving SET n = coalesce(n, 0) + 1, s = NULL WHERE id = %d", w.id("id"))
	case "toast":
		return fmt.Sprintf("UPDATE moving SET big = repeat(chr(65 + %d), 4000) WHERE id = %d", w.id("letter"), w.id("id"))
	case "big":
		return fmt.Sprintf("INSERT INTO moving (id, part, n, big) SELECT i, 7, i, repeat('z', 3000) FROM generate_series(%d, %d) i ON CONFLICT DO NOTHING", 100*w.id("from"), 100*w.id("from")+99)
	case "key":
		return fmt.Sprintf("UPDATE moving SET id = id + 1000 WHERE id = %d AND NOT EXISTS (SELECT FROM moving m WHERE m.id = moving.id + 1000 AND m.part = moving.part)", w.id("id"))
	case "delete":
		return fmt.Sprintf("DELETE FROM moving WHERE id = %d", w.id("id"))
	case "range":
		return fmt.Sprintf("UPDATE moving SET part = part + 10 WHERE id BETWEEN %d AND %d AND NOT EXISTS (SELECT FROM moving m WHERE m.id = moving.id AND m.part = moving.part + 10)", w.id("from"), w.id("to"))
	case "upsert":
		return fmt.Sprintf("INSERT INTO moving (id, part, list) VALUES (%d, 0, ARRAY[1, NULL]) ON CONFLICT (part, id) DO UPDATE SET list = moving.list || 7", w.id("id"))
	case "savepoint":
		return fmt.Sprintf("SAVEPOINT a; DELETE FROM moving; ROLLBACK TO a; SAVEPOINT b; UPDATE moving SET n = -n WHERE id < %d; RELEASE b", w.id("below"))
	case "odd":
		return fmt.Sprintf("UPDATE moving SET at = '-infinity' WHERE id BETWEEN %d AND %d", w.id("from"), w.id("to"))
	case "mend":
		return fmt.Sprintf("UPDATE moving SET at = '2026-01-01' WHERE id BETWEEN %d AND %d", w.id("from"), w.id("to"))
	case "odd insert":
		return fmt.Sprintf("INSERT INTO moving (id, part, n, big, at) VALUES (%d, 0, 1, repeat('o', 3000), 'infinity') ON CONFLICT DO NOTHING", w.id("id"))
	case "odd move":
		return fmt.Sprintf("UPDATE moving SET part = part + 20, at = CASE WHEN at = 'infinity' THEN NULL ELSE 'infinity'::date END WHERE id = %d", w.id("id"))
	case "truncate":
		return "TRUNCATE moving"
	case "add":
		w.added++
		return fmt.Sprintf("ALTER TABLE moving ADD IF NOT EXISTS c%d int; UPDATE moving SET c%d = n", w.added, w.added)
	case "drop":
		return fmt.Sprintf("ALTER TABLE moving DROP IF EXISTS c%d", rapid.IntRange(1, 1+w.added).Draw(w.t, "column"))
	case "swap":
		w.passing = true
		return "ALTER TABLE moving RENAME s TO aside; ALTER TABLE moving RENAME big TO s; ALTER TABLE moving RENAME aside TO big"
	case "again":
		w.passing = true
		name := rapid.SampledFrom([]string{"n", "c1", "c2", "c3"}).Draw(w.t, "column")
		return fmt.Sprintf("ALTER TABLE moving DROP IF EXISTS %[1]s; ALTER TABLE moving ADD %[1]s int; UPDATE moving SET %[1]s = id WHERE id < %[2]d", name, w.id("below"))
	case "away":
		w.passing = true
		return fmt.Sprintf("UPDATE moving SET s = 'kept'; ALTER TABLE moving RENAME s TO aside; UPDATE moving SET n = 0 WHERE id < %d; ALTER TABLE moving RENAME aside TO s", w.id("below"))
	case "widen":
		return "ALTER TABLE moving ALTER n TYPE bigint"
	}
	return "INSERT INTO other VALUES (1); SELECT pg_logical_emit_message(true, 'x', 'y')"
}

// transaction is some statements that are committed together, or not.
func (w *writer) transaction() string {
	var statements []string
	for range rapid.IntRange(1, 5).Draw(w.t, "statements") {
		statements = append(statements, w.statement())
	}
	end := "COMMIT"
	if rapid.IntRange(0, 5).Draw(w.t, "end") == 0 {
		end = "ROLLBACK"
	}
	return "BEGIN; " + strings.Join(statements, "; ") + "; " + end
}

// apply reads on, or anew where names of columns passed to others.
func (w *writer) apply(t *testing.T, l *lakehouse) {
	t.Helper()
	response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() {
		t.Fatalf("planning: %v", diags)
	}
	said := response.Warnings.Error()
	if response.Resumable {
		if err := l.attempt(); err != nil {
			said = err.Error()
		} else {
			said = ""
		}
	}
	if said != "" {
		if !w.passing || !strings.Contains(said, unmatched) {
			t.Fatalf("said %s", said)
		}
		l.cursor, l.position = nil, ""
		l.load()
	}
	l.acknowledge()
	w.passing = false
}

// TestRandomChanges writes at random and reads at random moments: what is held then is what the table has, row for row, or
// it is said that names of columns passed to others.
func TestRandomChanges(t *testing.T) {
	d := newDatabase(t)
	for _, test := range []struct {
		name, create string
		schema       bool
	}{
		{"by its primary key", "PRIMARY KEY (part, id)); ALTER TABLE moving ALTER big SET STORAGE EXTERNAL", true},
		{"by an index", "UNIQUE (part, id)); ALTER TABLE moving REPLICA IDENTITY USING INDEX moving_part_id_key", true},
		{"by whole rows", "PRIMARY KEY (part, id)); ALTER TABLE moving REPLICA IDENTITY FULL", true},
		{"in partitions", `PRIMARY KEY (part, id)) PARTITION BY RANGE (part); CREATE TABLE moving_a PARTITION OF moving FOR VALUES FROM (0) TO (7);
			CREATE TABLE moving_b (gone int, n int, at date, big text, list int[], s text, id int NOT NULL, part int NOT NULL); ALTER TABLE moving_b DROP gone;
			ALTER TABLE moving ATTACH PARTITION moving_b DEFAULT`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			number := 0
			rapid.Check(t, func(r *rapid.T) {
				number++
				d.exec(t, `DROP TABLE IF EXISTS moving; CREATE TABLE IF NOT EXISTS other (a int);
					CREATE TABLE moving (id int NOT NULL, part int NOT NULL, n int, s text, big text, list int[], at date, %s; INSERT INTO moving (id, part, n) SELECT i, i, i FROM generate_series(1, 10) i`, test.create)
				cfg := d.delta(t, "moving")
				cfg.Address = fmt.Sprintf("%s_%s_%d", cfg.Address, test.name, number)
				l := newLakehouse(t, cfg)
				defer l.provider().Release(t.Context(), cfg)
				w := &writer{t: r, schema: test.schema}
				for range rapid.IntRange(1, 5).Draw(r, "applies") {
					for range rapid.IntRange(0, 4).Draw(r, "transactions") {
						d.exec(t, "%s", w.transaction())
					}
					w.apply(t, l)
					l.equals()
				}
				if len(l.bad) > 0 {
					t.Fatalf("bad rows: %v", l.bad)
				}
			})
		})
	}
}
