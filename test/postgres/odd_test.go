package postgres

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRandomOddChanges writes at random what can be represented and what can't. Rows that can't are not held, and as long as the
// server tells only a part of them afterwards they stay away; all others are held as the table has them.
func TestRandomOddChanges(t *testing.T) {
	d := newDatabase(t)
	away := 0
	for name, identity := range map[string]string{"default": "DEFAULT", "full": "FULL"} {
		t.Run(name, func(t *testing.T) {
			number := 0
			rapid.Check(t, func(r *rapid.T) {
				number++
				d.exec(t, `DROP TABLE IF EXISTS moving; CREATE TABLE moving (id int, part int, n int, s text, big text, list int[], at date, PRIMARY KEY (part, id));
					ALTER TABLE moving ALTER big SET STORAGE EXTERNAL; ALTER TABLE moving REPLICA IDENTITY %s;
					INSERT INTO moving (id, part, n, at, big) SELECT i, i, i, CASE WHEN i > 5 THEN 'infinity'::date END, repeat('b', i %% 2 * 3000) FROM generate_series(1, 10) i`, identity)
				cfg := d.delta(t, "moving")
				cfg.Address = fmt.Sprintf("%s_%s_%d", cfg.Address, name, number)
				l := newLakehouse(t, cfg)
				l.odd = true
				defer l.provider().Release(t.Context(), cfg)
				l.apply()
				d.exec(t, "UPDATE moving SET at = NULL WHERE id = 7") // its large value is left out, and was never told
				l.apply()
				away += len(l.parts)
				w := &writer{t: r, odd: true}
				for range rapid.IntRange(1, 5).Draw(r, "applies") {
					for range rapid.IntRange(0, 4).Draw(r, "transactions") {
						d.exec(t, "%s", w.transaction())
					}
					l.apply()
					l.equals()
					away += len(l.parts)
					if identity == "FULL" && len(l.parts) > 0 {
						t.Fatalf("the server tells whole rows, and these are said to be told in part: %v", l.parts)
					}
				}
				for _, bad := range l.bad {
					if !strings.Contains(bad.Reason, "infinity: it is infinite") || !strings.HasPrefix(bad.Position, "key part=") {
						t.Fatalf("a bad row is described as %+v", bad)
					}
				}
			})
		})
	}
	if away == 0 {
		t.Error("no row was told in part, so that this was not tried")
	}
}

// odd is a project that keeps a followed table in each way.
const odd = shop + current + `
table "silver" "past" {
  from = table.bronze.log
  write "history" { key = [id] }
}
`

// TestOddChangesInTheLakehouse follows rows that can't be represented for a while: each is out of every table meanwhile, in the
// quarantine with its key, position and reason, and back when all of it is told.
func TestOddChangesInTheLakehouse(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE busy (id int PRIMARY KEY, n int, big text, day date); ALTER TABLE busy ALTER big SET STORAGE EXTERNAL;
		INSERT INTO busy SELECT i, i, repeat('a', 3000), CASE i WHEN 7 THEN 'infinity'::date END FROM generate_series(1, 10) i`)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": odd})
	t.Cleanup(func() { d.dropSlots(t) })
	p.must(t, 0, "apply", "-auto-approve")
	for _, step := range []struct{ sql, away string }{
		{"SELECT 1", "7"},
		{"UPDATE busy SET n = 20, day = 'infinity' WHERE id = 2", "2, 7"},
		{"UPDATE busy SET day = '2026-01-01' WHERE id IN (2, 7)", "2, 7"}, // in part: big stayed as it was
		{"UPDATE busy SET n = 30, day = '-infinity' WHERE id = 3; UPDATE busy SET day = NULL, big = repeat('c', 3000) WHERE id IN (3, 7); UPDATE busy SET n = 31 WHERE id = 3", "2"},
		{"UPDATE busy SET id = 40, day = 'infinity' WHERE id = 4; UPDATE busy SET id = 41, day = NULL WHERE id = 40", "2, 41"},
		{"DELETE FROM busy WHERE id = 41; INSERT INTO busy VALUES (41, 1, 'z', NULL), (42, 1, repeat('z', 4000), 'infinity'); UPDATE busy SET big = big || 'd' WHERE id = 2", "42"},
		{"UPDATE busy SET day = NULL WHERE id = 42", "42"},
	} {
		d.exec(t, "%s", step.sql)
		p.settle(t)
		want := d.query(t, "SELECT concat_ws('|', id, n, md5(big), coalesce(day::text, '')) FROM busy WHERE id NOT IN ("+step.away+") ORDER BY id")
		for _, table := range []string{"bronze.current", "silver.merged", "silver.past WHERE is_current"} {
			got := p.ask(t, "SELECT id, n, md5(big) AS big, day FROM "+table+" ORDER BY id")
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Fatalf("after %s: %s has\n%s\ninstead of\n%s", step.sql, table, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
	}
	for table, quarantine := range map[string]string{"bronze.log": "bronze.log__quarantine", "bronze.current": "bronze.current__quarantine"} {
		got := strings.Join(p.ask(t, "SELECT reason, position, raw FROM "+quarantine+" ORDER BY position"), "\n")
		for _, words := range []string{
			`column "day": infinity: it is infinite`, "key id=7", "key id=2, update at 0", `""id"": ""2"", ""n"": ""20""`,
			"the change leaves out what stayed as it was (big), and the table doesn't have the row", "-resnapshot=table." + table, "id=42, update at 0",
		} {
			if !strings.Contains(got, strings.ReplaceAll(words, `""`, `"`)) {
				t.Errorf("%s: %q is missing in\n%s", quarantine, words, got)
			}
		}
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log", "-resnapshot=table.bronze.current")
	p.settle(t)
	p.equal(t, "bronze.current", "silver.merged")
}

// TestKeysThatCantBeTold moves rows to keys that can't be represented and back, with values that the server leaves out.
func TestKeysThatCantBeTold(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE days (day date PRIMARY KEY, n int, big text); ALTER TABLE days ALTER big SET STORAGE EXTERNAL;
		INSERT INTO days VALUES ('infinity', 1, repeat('a', 3000)), ('2026-01-01', 2, repeat('b', 3000))`)
	l := newLakehouse(t, d.delta(t, "days"))
	l.odd = true
	l.apply()
	for _, step := range []struct{ sql, says string }{
		{"UPDATE days SET day = '-infinity', n = 3 WHERE n = 2", "-infinity: it is infinite"},
		{"UPDATE days SET day = '2026-01-02', n = 4 WHERE n = 3", "under a key that can't be represented"}, // in part
		{"UPDATE days SET n = 5 WHERE n = 4; UPDATE days SET day = '2026-01-03', big = 'c' WHERE n = 1", ""},
		{"UPDATE days SET big = 'd' WHERE n = 5; DELETE FROM days WHERE n = 1", ""},
	} {
		d.exec(t, "%s", step.sql)
		bad := len(l.bad)
		l.apply()
		said := fmt.Sprint(l.bad[bad:])
		if !strings.Contains(said, step.says) {
			t.Errorf("%s: %q is missing in %s", step.sql, step.says, said)
		}
	}
	l.equals()
	if len(l.rows) != 1 {
		t.Errorf("%d rows are held", len(l.rows))
	}
}
