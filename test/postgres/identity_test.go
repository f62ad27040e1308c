package postgres

import (
	"strings"
	"testing"
)

// TestIdentityForAWhile gives a table another identity between two reads, and takes it back: what the log tells by it is not passed on,
// and what says the same of rows is.
func TestIdentityForAWhile(t *testing.T) {
	d := newDatabase(t)
	const plain = `CREATE TABLE held (id int PRIMARY KEY, code text NOT NULL, n int, CONSTRAINT code UNIQUE (code)); INSERT INTO held SELECT i, 'c' || i, 0 FROM generate_series(1, 9) i`
	const parts = `CREATE TABLE held (id int PRIMARY KEY, code text NOT NULL, n int) PARTITION BY RANGE (id);
		CREATE TABLE low PARTITION OF held FOR VALUES FROM (0) TO (5); CREATE TABLE high PARTITION OF held FOR VALUES FROM (5) TO (1000);
		ALTER TABLE low ADD CONSTRAINT code UNIQUE (code); INSERT INTO held SELECT i, 'c' || i, 0 FROM generate_series(1, 9) i`
	const (
		byCode = "ALTER TABLE held REPLICA IDENTITY USING INDEX code; "
		back   = "; ALTER TABLE held REPLICA IDENTITY DEFAULT"
	)
	for name, test := range map[string]struct{ table, changes, says string }{
		"deleted":                 {plain, byCode + "DELETE FROM held WHERE id = 1" + back, "by code, and the table is followed by id"},
		"another key":             {plain, byCode + "UPDATE held SET id = 80 WHERE id = 8" + back, "by code, and the table is followed by id"},
		"updated":                 {plain, byCode + "UPDATE held SET n = 1 WHERE id = 8" + back, "by code, and the table is followed by id"},
		"inserted":                {plain, byCode + "INSERT INTO held VALUES (10, 'c10', 0)" + back, ""},
		"nothing changed":         {plain, byCode + "SELECT 1" + back + "; DELETE FROM held WHERE id = 1", ""},
		"inserted without":        {plain, "ALTER TABLE held REPLICA IDENTITY NOTHING; INSERT INTO held VALUES (10, 'c10', 0)" + back, ""},
		"whole rows":              {plain, "ALTER TABLE held REPLICA IDENTITY FULL; DELETE FROM held WHERE id = 1; UPDATE held SET id = 80 WHERE id = 8" + back, ""},
		"more than the key":       {plain, "CREATE UNIQUE INDEX both_ ON held (code, id); ALTER TABLE held REPLICA IDENTITY USING INDEX both_; DELETE FROM held WHERE id = 1; UPDATE held SET id = 80 WHERE id = 8" + back, ""},
		"another primary key":     {plain, "BEGIN; ALTER TABLE held DROP CONSTRAINT held_pkey, ADD PRIMARY KEY (code); UPDATE held SET id = 80 WHERE id = 8; ALTER TABLE held DROP CONSTRAINT held_pkey, ADD PRIMARY KEY (id); COMMIT", "by code, and the table is followed by id"},
		"a partition, deleted":    {parts, strings.ReplaceAll(byCode, "held", "low") + "DELETE FROM held WHERE id = 1" + strings.ReplaceAll(back, "held", "low"), "by code, and the table is followed by id"},
		"a partition, updated":    {parts, strings.ReplaceAll(byCode, "held", "low") + "UPDATE held SET id = 0 WHERE id = 1" + strings.ReplaceAll(back, "held", "low"), "by code, and the table is followed by id"},
		"a partition, gone since": {parts, strings.ReplaceAll(byCode, "held", "low") + "DELETE FROM held WHERE id = 1; ALTER TABLE held DETACH PARTITION low", "by code, and the table is followed by id"},
		"the partitioned table":   {parts, "ALTER TABLE held REPLICA IDENTITY FULL; DELETE FROM held WHERE id = 1; UPDATE held SET id = 0 WHERE id = 2" + back, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d.exec(t, "%s", "DROP TABLE IF EXISTS held, low; "+test.table)
			l := newLakehouse(t, d.delta(t, "held"))
			l.apply()
			for _, sql := range strings.Split(test.changes, "; ") {
				d.exec(t, "%s", sql)
			}
			err := l.attempt()
			if test.says == "" {
				if err != nil {
					t.Fatal(err)
				}
				l.equals()
				return
			}
			if err == nil || !strings.Contains(err.Error(), "Rows told by other columns") || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "`etl apply -resnapshot`") {
				t.Fatalf("read %v", err)
			}
			l.cursor = nil
			if !strings.HasSuffix(name, "gone since") {
				l.apply()
				l.equals()
			}
		})
	}
}

// TestIdentityInTheLakehouse goes the way out that the run names.
func TestIdentityInTheLakehouse(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE parts (id int PRIMARY KEY, code text NOT NULL, n int, CONSTRAINT code UNIQUE (code)); INSERT INTO parts SELECT i, 'c' || i, 0 FROM generate_series(1, 4) i")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(rekeyed, "KEY", "id")})
	p.must(t, 0, "apply", "-auto-approve")
	for _, sql := range []string{"REPLICA IDENTITY USING INDEX code", "REPLICA IDENTITY DEFAULT"} {
		d.exec(t, "ALTER TABLE parts %s", sql)
		d.exec(t, "DELETE FROM parts WHERE id = (SELECT min(id) FROM parts); UPDATE parts SET id = 40 WHERE id = 4")
	}
	for range 2 {
		if r := p.must(t, 1, "apply", "-auto-approve"); !r.Says("Rows told by other columns", "changed or deleted by code, and the table is followed by id", "-resnapshot=table.bronze.log") {
			t.Errorf("the run says\n%s", r.Output())
		}
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.log")
	d.exec(t, "UPDATE parts SET n = 1 WHERE id = 40")
	p.must(t, 0, "apply", "-auto-approve")
	for _, from := range []string{"silver.now", "silver.past WHERE is_current"} {
		if got := strings.Join(p.ask(t, "SELECT id, code, n FROM "+from+" ORDER BY id"), " "); got != "3|c3|0 40|c4|1" {
			t.Errorf("%s has %s", from, got)
		}
	}
}
