package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres"
	"github.com/automic-etl/etl/providers/postgres/slot"
	"github.com/automic-etl/etl/test/services"
)

func publication(cfg sdk.Config, name string) sdk.Config {
	cfg.Extract = cty.ObjectVal(map[string]cty.Value{"publication": text(name)})
	return cfg
}

// TestUnfollowable names what keeps a table from being followed, and the SQL that mends it; nothing is created meanwhile.
func TestUnfollowable(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE good (id int PRIMARY KEY, a int); CREATE VIEW v AS SELECT * FROM good; CREATE UNLOGGED TABLE u (id int PRIMARY KEY);
		CREATE TABLE keyless (a int); CREATE TABLE nothing (id int PRIMARY KEY); ALTER TABLE nothing REPLICA IDENTITY NOTHING;
		CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child () INHERITS (parent);
		CREATE TABLE parts (id int) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts DEFAULT;
		CREATE TABLE keyed (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE keyed_1 PARTITION OF keyed DEFAULT;
		CREATE PUBLICATION empty; CREATE PUBLICATION inserts FOR TABLE good WITH (publish = 'insert'); CREATE PUBLICATION partial FOR TABLE good WHERE (id > 7);
		CREATE PUBLICATION narrow FOR TABLE good (id); CREATE PUBLICATION single FOR TABLE keyed; GRANT SELECT ON good TO reader`)
	d.asAdmin(t, d.name, "DO $$ BEGIN CREATE ROLE follower LOGIN REPLICATION PASSWORD 'etl'; EXCEPTION WHEN duplicate_object THEN END $$; GRANT SELECT ON good TO follower")
	as := func(cfg sdk.Config, role string) sdk.Config {
		cfg.Connection = d.connection(map[string]cty.Value{"user": text(role)})
		return cfg
	}
	good := d.delta(t, "good")
	for _, test := range []struct {
		cfg     sdk.Config
		summary string
		path    string
		says    []string
	}{
		{with(good, "where", text("id > 7")), "Part of a table", "where", nil},
		{with(with(good, "table", cty.NullVal(cty.String)), "query", text("SELECT 1")), "Part of a table", "query", nil},
		{with(good, "columns", cty.ListVal([]cty.Value{text("a")})), "Key not read", "columns", []string{`"id"`}},
		{as(good, "reader"), "Missing privilege", "connection.user", []string{`ALTER ROLE "reader" REPLICATION;`}},
		{as(good, "follower"), "Missing privilege", "extract.publication", []string{"no privilege on the database is enough", `CREATE PUBLICATION "etl_`, `FOR TABLE "public"."good";`}},
		{d.delta(t, "v"), "Not a table", "table", nil},
		{d.delta(t, "u"), "Table without log", "table", []string{`ALTER TABLE "public"."u" SET LOGGED;`}},
		{d.delta(t, "parent"), "Table with inheritance", "table", nil},
		{d.delta(t, "keyless"), "Nothing identifies rows", "table", []string{"no primary key", `ALTER TABLE "public"."keyless" ADD PRIMARY KEY`, "REPLICA IDENTITY FULL"}},
		{d.delta(t, "nothing"), "Nothing identifies rows", "table", []string{"its replica identity is nothing"}},
		{d.delta(t, "parts"), "Nothing identifies rows", "table", []string{"public.parts_1"}},
		{publication(good, "absent"), "Unknown publication", "extract.publication", []string{`CREATE PUBLICATION "absent" FOR TABLE "public"."good"`}},
		{publication(good, "empty"), "Table not published", "extract.publication", []string{`ALTER PUBLICATION "empty" ADD TABLE "public"."good";`}},
		{publication(good, "inserts"), "Changes not published", "extract.publication", []string{"SET (publish = 'insert, update, delete, truncate')"}},
		{publication(good, "partial"), "Rows not published", "extract.publication", nil},
		{publication(good, "narrow"), "Columns not published", "extract.publication", []string{": a."}},
		{publication(d.delta(t, "keyed"), "single"), "Partitions published one by one", "extract.publication", []string{"publish_via_partition_root = true"}},
	} {
		_, diags := postgres.New().Plan(t.Context(), test.cfg, sdk.PlanRequest{})
		said := diags.Error()
		if len(diags) == 0 || strings.Count(said, test.summary) != 1 || diags[0].Summary != test.summary || strings.Join(diags[0].Path, ".") != test.path {
			t.Errorf("%s: said %s", test.summary, said)
		}
		for _, words := range test.says {
			if !strings.Contains(said, words) {
				t.Errorf("%q is missing in: %s", words, said)
			}
		}
	}
	for _, sql := range []string{"SELECT slot_name FROM pg_replication_slots WHERE database = current_database()", "SELECT pubname FROM pg_publication WHERE pubname LIKE 'etl%'"} {
		if left := d.query(t, sql); len(left) > 0 {
			t.Errorf("plans left %v", left)
		}
	}
	// A publication of the owner's, and a role that may do nothing but follow.
	d.exec(t, "CREATE PUBLICATION theirs FOR TABLE good")
	l := newLakehouse(t, as(publication(good, "theirs"), "follower"))
	d.exec(t, "INSERT INTO good VALUES (1, 1)")
	l.apply()
	d.exec(t, "UPDATE good SET a = 2; INSERT INTO good VALUES (2)")
	l.apply()
	l.equals()
}

// query is the first column of a query's rows.
func (d *database) query(t testing.TB, sql string) []string {
	t.Helper()
	results, err := d.conn.Exec(context.Background(), sql).ReadAll()
	if err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
	var out []string
	for _, row := range results[len(results)-1].Rows {
		out = append(out, string(row[0]))
	}
	return out
}

// TestCantGoOn breaks what reading on depends on: the plan says what is wrong, and that the table must be read anew, which
// then works.
func TestCantGoOn(t *testing.T) {
	d := newDatabase(t)
	slotOf := "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
	for name, test := range map[string]struct{ sql, summary string }{
		"slot dropped":        {"SELECT pg_drop_replication_slot('SLOT')", "Replication slot gone"},
		"slot advanced":       {"INSERT INTO held VALUES (99); SELECT pg_replication_slot_advance('SLOT', pg_current_wal_lsn())", "Replication slot too far"},
		"table created again": {"DROP TABLE held; CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (5)", "Another table"},
		"publication dropped": {"DROP PUBLICATION \"SLOT\"", "Publication gone"},
		"table taken out":     {"ALTER PUBLICATION \"SLOT\" DROP TABLE held", "Table not published"},
		"inserts only":        {"ALTER PUBLICATION \"SLOT\" SET (publish = 'insert'); UPDATE held SET id = 2", "Changes not published"},
		"some rows only":      {"ALTER PUBLICATION \"SLOT\" SET TABLE held WHERE (id < 100)", "Rows not published"},
		"some columns only":   {"ALTER TABLE held ADD a int; ALTER PUBLICATION \"SLOT\" SET TABLE held (id)", "Columns not published"},
		"all for a while":     {"ALTER PUBLICATION \"SLOT\" SET (publish = 'insert'); DELETE FROM held; ALTER PUBLICATION \"SLOT\" SET (publish = 'insert, update, delete, truncate')", "Publication changed"},
		"out and in again":    {"ALTER PUBLICATION \"SLOT\" DROP TABLE held; INSERT INTO held VALUES (7); ALTER PUBLICATION \"SLOT\" ADD TABLE held", "Publication changed"},
		"made again":          {"DROP PUBLICATION \"SLOT\"; INSERT INTO held VALUES (7); CREATE PUBLICATION \"SLOT\" FOR TABLE held", "Publication changed"},
	} {
		t.Run(name, func(t *testing.T) {
			d.exec(t, "DROP TABLE IF EXISTS held; CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (1)")
			l := newLakehouse(t, d.delta(t, "held"))
			l.apply()
			l.equals()
			slot := d.query(t, slotOf)[0]
			for _, sql := range strings.Split(strings.ReplaceAll(test.sql, "SLOT", slot), ";") {
				d.exec(t, "%s", sql)
			}
			response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
			if diags.HasErrors() || response.Resumable || !response.Warnings.HasErrors() || response.Warnings[0].Summary != test.summary ||
				!strings.Contains(response.Warnings[0].Detail, "`etl apply -resnapshot`") {
				t.Fatalf("said %v, %+v", diags, response)
			}
			l.cursor, l.position = nil, ""
			l.apply()
			d.exec(t, "INSERT INTO held VALUES (100)")
			l.apply()
			l.equals()
		})
	}
	l := newLakehouse(t, d.delta(t, "held"))
	l.apply()
	var cursor map[string]any
	if err := json.Unmarshal(l.cursor[""], &cursor); err != nil {
		t.Fatal(err)
	}
	cursor["system"] = "7"
	l.cursor[""], _ = json.Marshal(cursor)
	if response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor}); diags.HasErrors() || response.Resumable || response.Warnings[0].Summary != "Another server" {
		t.Errorf("said %v, %+v", diags, response)
	}
}

// TestIdleTable checks that a table without changes has nothing to do, but lets the server remove its log now and then.
func TestIdleTable(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE idle (id int PRIMARY KEY); CREATE TABLE loud (s text)")
	cfg := d.delta(t, "idle")
	l := newLakehouse(t, cfg)
	first := l.plan()
	slot := strings.TrimPrefix(strings.Join(first.Creates, "|"), "publication ")
	slot, _, _ = strings.Cut(slot, "|")
	if fmt.Sprint(first.Creates) != fmt.Sprintf("[publication %s replication slot %s]", slot, slot) || !first.Snapshot || first.Position != "all rows of public.idle, and its changes from then on" {
		t.Errorf("the first plan is %+v", first)
	}
	l.apply()
	d.exec(t, "INSERT INTO loud VALUES ('x')")
	if plan := l.plan(); plan.Changed || plan.Rows != 0 || !strings.Contains(plan.Position, "public.idle has no changes after ") {
		t.Errorf("a plan without changes is %+v", plan)
	}
	d.exec(t, "INSERT INTO idle VALUES (1), (2)")
	if plan := l.plan(); !plan.Changed || plan.Rows != 2 || !strings.Contains(plan.Position, "public.idle has changes after ") {
		t.Errorf("a plan with two changes is %+v", plan)
	}
	l.apply()
	before := d.query(t, "SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = '"+slot+"'")[0]
	d.exec(t, "INSERT INTO loud SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
	d.asAdmin(t, "postgres", "CHECKPOINT") // which notes who is at work; the server does so every 15 seconds by itself
	if plan := l.plan(); !plan.Changed || plan.Rows != 0 || !strings.Contains(plan.Position, "is read on so that the server need not keep") {
		t.Errorf("a plan without changes, and much log, is %+v", plan)
	}
	l.apply()
	if after := d.query(t, "SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = '"+slot+"'")[0]; after == before {
		t.Errorf("the slot keeps the log from %s on", after)
	}
	if plan := l.plan(); plan.Changed {
		t.Errorf("a plan after that is %+v", plan)
	}
}

// TestIdleAmongOthers names a publication that tells other tables as well, whose changes are none of the table's.
func TestIdleAmongOthers(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE idle (id int PRIMARY KEY); CREATE TABLE loud (id int PRIMARY KEY); CREATE TABLE louder (id int PRIMARY KEY); INSERT INTO idle VALUES (1)")
	d.asAdmin(t, d.name, "CREATE PUBLICATION everything FOR ALL TABLES")
	l := newLakehouse(t, publication(d.delta(t, "idle"), "everything"))
	l.apply()
	d.exec(t, "INSERT INTO loud VALUES (1), (2); UPDATE loud SET id = 3 WHERE id = 2; DELETE FROM loud WHERE id = 3")
	d.exec(t, "TRUNCATE loud, louder")
	if plan := l.plan(); plan.Changed || plan.Rows != 0 {
		t.Errorf("a plan without changes of the table is %+v", plan)
	}
	d.exec(t, "INSERT INTO idle VALUES (2); UPDATE idle SET id = 3 WHERE id = 2; DELETE FROM idle WHERE id = 3; INSERT INTO loud VALUES (1)")
	d.exec(t, "TRUNCATE loud, idle, louder")
	if plan := l.plan(); !plan.Changed || plan.Rows != 4 {
		t.Errorf("a plan with four changes is %+v", plan)
	}
	l.apply()
	l.equals()
}

// TestServerSettings takes away what following needs of the server, one thing at a time.
func TestServerSettings(t *testing.T) {
	own, err := services.Start("postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	at, err := newAddress(own.Env)
	if err != nil {
		t.Fatal(err)
	}
	d := databaseAt(t, at)
	d.moving(t)
	restart := func(settings string) {
		t.Helper()
		d.asAdmin(t, "postgres", settings)
		if err := errors.Join(own.Stop(), own.Resume()); err != nil {
			t.Fatal(err)
		}
		d.conn = connect(t, d.dsn("etl"))
	}
	refused := func(summary string, says ...string) {
		t.Helper()
		_, diags := postgres.New().Plan(t.Context(), d.source("delta", map[string]cty.Value{"table": text("busy")}), sdk.PlanRequest{})
		for _, words := range append(says, summary) {
			if !strings.Contains(diags.Error(), words) {
				t.Errorf("%q is missing in: %v", words, diags)
			}
		}
	}
	restart("ALTER SYSTEM SET wal_level = replica")
	refused("Log without changes of rows", "ALTER SYSTEM SET wal_level = logical;")
	d.asAdmin(t, "postgres", "ALTER SYSTEM SET wal_level = logical")
	restart("ALTER SYSTEM SET max_replication_slots = 1")
	refused("No replication slot free", "1 of 1 replication slots free", "ALTER SYSTEM SET max_replication_slots = 2;")
	restart("ALTER SYSTEM SET max_replication_slots = 10")

	crowded := newLakehouse(t, d.delta(t, "busy"))
	until := crowded.plan().Until
	if diags := crowded.provider().Prepare(t.Context(), crowded.cfg); len(diags) > 0 {
		t.Fatal(diags)
	}
	d.asAdmin(t, d.name, "SELECT pg_create_physical_replication_slot('full_' || i) FROM generate_series(1, 10 - (SELECT count(*) FROM pg_replication_slots)) i")
	other := crowded.cfg
	other.Address = "source.postgres.other"
	for _, err := range []error{crowded.read(until), crowded.provider().Prepare(t.Context(), other)} {
		if err == nil || !strings.Contains(err.Error(), "No replication slot free") || !strings.Contains(err.Error(), "-target=") || strings.Contains(err.Error(), "53400") {
			t.Errorf("where no slot is left: said %v", err)
		}
	}
	if diags := crowded.provider().Release(t.Context(), other); len(diags) > 0 {
		t.Error(diags)
	}
	d.asAdmin(t, d.name, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_type = 'physical'")

	taken := d.source("delta", map[string]cty.Value{"table": text("busy")})
	taken.Project, taken.Address = "x", "source.postgres.y"
	name := slot.Name(taken.Project, taken.Address, taken.Lakehouse)
	d.asAdmin(t, d.name, "SELECT pg_create_logical_replication_slot('"+name+"', 'test_decoding')")
	if _, diags := postgres.New().Plan(t.Context(), taken, sdk.PlanRequest{}); !strings.Contains(diags.Error(), "Replication slot of somebody else") {
		t.Errorf("said %v", diags)
	}
	d.asAdmin(t, d.name, "SELECT pg_drop_replication_slot('"+name+"')")

	l := newLakehouse(t, d.delta(t, "busy"))
	l.apply()
	d.asAdmin(t, "postgres", "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
	d.asAdmin(t, "postgres", "SELECT pg_reload_conf()")
	for range 5 {
		d.exec(t, "UPDATE busy SET n = n + 1")
		d.asAdmin(t, "postgres", "SELECT pg_switch_wal()")
	}
	response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || !response.Resumable || !strings.Contains(response.Warnings.Error(), "Log kept at the server") {
		t.Errorf("a slot that will be lost: said %v, %+v", diags, response)
	}
	d.asAdmin(t, "postgres", "CHECKPOINT")
	response, diags = l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || response.Resumable || !strings.Contains(response.Warnings.Error(), "Replication slot lost") {
		t.Fatalf("a lost slot: said %v, %+v", diags, response)
	}
	l.cursor, l.position = nil, ""
	if plan := l.plan(); !strings.Contains(fmt.Sprint(plan.Creates), "in place of the one that is lost") {
		t.Errorf("a plan to read anew is %+v", plan)
	}
	l.apply()
	l.equals()
}
