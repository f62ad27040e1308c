package postgres

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
)

// TestPublicationAltered alters a publication between the plan and the read, which then stores nothing, and takes other
// tables into it, which changes nothing.
func TestPublicationAltered(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY, a int); INSERT INTO held VALUES (1, 1); CREATE TABLE other (id int PRIMARY KEY)")
	l := newLakehouse(t, d.delta(t, "held"))
	l.apply()
	name := d.query(t, "SELECT pubname FROM pg_publication")[0]
	d.exec(t, "UPDATE held SET a = 2")
	d.exec(t, "ALTER PUBLICATION %q ADD TABLE other", name)
	l.apply()
	l.equals()

	// A cursor of a version that didn't record the publication.
	var cursor map[string]any
	if err := json.Unmarshal(l.cursor[""], &cursor); err != nil || cursor["publication"] == nil {
		t.Fatalf("the cursor is %v: %v", cursor, err)
	}
	delete(cursor, "publication")
	l.cursor[""], _ = json.Marshal(cursor)
	d.exec(t, "UPDATE held SET a = 3")
	l.apply()
	l.equals()

	for _, test := range []struct{ sql, summary string }{
		{"ALTER PUBLICATION %q SET (publish = 'insert')", "Changes not published"},
		{"ALTER PUBLICATION %q SET (publish = 'insert, update, delete, truncate')", "Publication changed"},
		{"DROP PUBLICATION %q", "Publication gone"},
	} {
		d.exec(t, test.sql, name)
		before := l.cursor
		if err := l.read(nil); err == nil || !strings.Contains(err.Error(), test.summary) || !strings.Contains(err.Error(), "-resnapshot") {
			t.Errorf("%s: said %v", test.sql, err)
		}
		if string(l.cursor[""]) != string(before[""]) {
			t.Errorf("%s: the read came to %s", test.sql, l.cursor[""])
		}
	}
}

// TestOwnersPublicationMended names a publication that was wrong for a while: once it is mended as advised, the changes
// that it did not tell are missed.
func TestOwnersPublicationMended(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY); CREATE PUBLICATION theirs FOR TABLE held")
	l := newLakehouse(t, publication(d.delta(t, "held"), "theirs"))
	l.apply()
	d.exec(t, "ALTER PUBLICATION theirs SET (publish = 'insert')")
	d.exec(t, "INSERT INTO held VALUES (1); DELETE FROM held")
	_, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	for _, words := range []string{"Changes not published", "SET (publish = 'insert, update, delete, truncate')", "changes made meanwhile are lost", "`etl apply -resnapshot`"} {
		if !strings.Contains(diags.Error(), words) {
			t.Errorf("%q is missing in: %v", words, diags)
		}
	}
	d.exec(t, "ALTER PUBLICATION theirs SET (publish = 'insert, update, delete, truncate')")
	response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || response.Resumable || response.Warnings[0].Summary != "Publication changed" {
		t.Fatalf("said %v, %+v", diags, response)
	}
	l.cursor, l.position = nil, ""
	l.apply()
	d.exec(t, "INSERT INTO held VALUES (3)")
	l.apply()
	l.equals()
}

// TestTableAwayFromItsSchema follows a table by a publication of a schema, and moves it out and back. Whatever else is done to it
// leaves it where it is.
func TestTableAwayFromItsSchema(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY, a int); INSERT INTO held VALUES (1, 1); CREATE SCHEMA aside")
	d.asAdmin(t, d.name, "CREATE PUBLICATION all_of_it FOR TABLES IN SCHEMA public")
	l := newLakehouse(t, publication(d.delta(t, "held"), "all_of_it"))
	l.apply()
	d.inTurn(t, "VACUUM FULL held; TRUNCATE held; INSERT INTO held VALUES (1, 1), (2, 2); ALTER TABLE held ALTER a TYPE bigint; GRANT SELECT ON held TO public; "+
		"ALTER TABLE held RENAME TO other; ALTER TABLE other RENAME TO held; ALTER TABLE held ADD b int; ALTER SCHEMA public RENAME TO p; ALTER SCHEMA p RENAME TO public")
	l.apply()
	l.equals()
	d.exec(t, "INSERT INTO held VALUES (5, 5)")
	planned := l.plan()
	d.inTurn(t, "ALTER TABLE held SET SCHEMA aside; UPDATE aside.held SET a = 60 WHERE id = 2; ALTER TABLE aside.held SET SCHEMA public")
	response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || response.Resumable || response.Warnings[0].Summary != "Table moved between schemas" {
		t.Errorf("said %v, %+v", diags, response)
	}
	d.exec(t, "INSERT INTO held VALUES (3, 3)")
	if err := l.read(planned.Until); err == nil || !strings.Contains(err.Error(), "Table moved between schemas") || !strings.Contains(err.Error(), "-resnapshot") {
		t.Errorf("said %v", err)
	}
	l.cursor, l.position = nil, ""
	l.apply()
	d.exec(t, "INSERT INTO held VALUES (4, 4)")
	l.apply()
	l.equals()
}

// TestPublicationMadeAgain follows on from a cursor that doesn't tell which publication there was: the server finds none at
// the changes' place in the log.
func TestPublicationMadeAgain(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY)")
	l := newLakehouse(t, d.delta(t, "held"))
	l.apply()
	name := d.query(t, "SELECT pubname FROM pg_publication")[0]
	var cursor map[string]any
	if err := json.Unmarshal(l.cursor[""], &cursor); err != nil {
		t.Fatal(err)
	}
	delete(cursor, "publication")
	l.cursor[""], _ = json.Marshal(cursor)
	d.exec(t, "DROP PUBLICATION %q", name)
	d.exec(t, "INSERT INTO held VALUES (1)")
	d.exec(t, "CREATE PUBLICATION %q FOR TABLE held", name)
	response, diags := l.provider().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || response.Resumable || response.Warnings[0].Summary != "Publication gone for a while" {
		t.Errorf("said %v, %+v", diags, response)
	}
	if err := l.read(nil); err == nil || !strings.Contains(err.Error(), "Publication gone for a while") {
		t.Errorf("said %v", err)
	}
}
