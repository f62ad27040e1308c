package postgres

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/zclconf/go-cty/cty"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// odder is a table whose names need quotes everywhere.
const odder = `CREATE SCHEMA "Odd Schema"; CREATE TABLE "Odd Schema"."Order.Lines" ("Order Id" int, "quo""te" text, "select" int, "Größe" numeric(5, 2), "it's \" text,
	PRIMARY KEY ("quo""te", "Order Id")); CREATE INDEX ON "Odd Schema"."Order.Lines" ("Order Id")`

// TestOddNames reads a table with odd names in each way, empty at first.
func TestOddNames(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "%s", odder)
	const table = `"Odd Schema"."Order.Lines"`
	followed := newLakehouse(t, d.delta(t, table))
	grown := &keeper{t: t, cfg: d.incremental(table, map[string]cty.Value{"cursor": text("Order Id"), "key": cty.ListVal([]cty.Value{text("quo\"te"), text("Order Id")})})}
	check := func(rows int) {
		t.Helper()
		followed.apply()
		followed.equals()
		grown.settle()
		if whole := load(t, d.table(table), true); len(whole.Rows) != rows || len(followed.rows) != rows || len(grown.rows) != rows {
			t.Errorf("read are %d, %d and %d rows instead of %d", len(whole.Rows), len(followed.rows), len(grown.rows), rows)
		}
	}
	check(0)
	d.exec(t, `INSERT INTO "Odd Schema"."Order.Lines" SELECT i, 'q"' || i, i, i / 100.0, '\''' FROM generate_series(1, 50) i`)
	check(50)
	d.exec(t, `UPDATE "Odd Schema"."Order.Lines" SET "select" = -1, "Größe" = NULL WHERE "Order Id" < 10`)
	followed.apply()
	followed.equals()
	d.exec(t, `INSERT INTO "Odd Schema"."Order.Lines" VALUES (51, '''', 1, 1, '')`)
	check(51)
}

// TestWideFollowed follows as many columns as a table can have.
func TestWideFollowed(t *testing.T) {
	d := newDatabase(t)
	columns := []string{"id int PRIMARY KEY"}
	for i := range 1599 {
		columns = append(columns, fmt.Sprintf("c%d smallint", i))
	}
	d.exec(t, "CREATE TABLE wide (%s); INSERT INTO wide (id, c0, c1598) VALUES (1, 2, 3)", strings.Join(columns, ", "))
	l := newLakehouse(t, d.delta(t, "wide"))
	l.apply()
	l.equals()
	d.exec(t, "UPDATE wide SET c1598 = 4; INSERT INTO wide (id, c800) VALUES (2, 5)")
	l.apply()
	l.equals()
	if len(l.rows) != 2 || l.rows["1"]["c1598"] != "4" {
		t.Errorf("held is %.200v", l.rows)
	}
}

// TestQuoting has the server read names and texts as they are quoted, whatever it takes backslashes for.
func TestQuoting(t *testing.T) {
	d := newDatabase(t)
	for _, setting := range []string{"on", "off"} {
		d.exec(t, "SET standard_conforming_strings = %s", setting)
		rapid.Check(t, func(r *rapid.T) {
			value := strings.ReplaceAll(rapid.StringOf(rapid.OneOf(rapid.SampledFrom([]rune(`'"\$;-E %`)), rapid.Rune())).Draw(r, "text"), "\x00", "")
			if got := d.query(t, "SELECT "+session.Literal(value)); got[0] != value {
				r.Fatalf("%q comes back as %q", value, got[0])
			}
			name := value[:min(len(value), 60)]
			if name == "" || !utf8.ValidString(name) {
				return
			}
			results, err := d.conn.Exec(t.Context(), "SELECT 1 AS "+session.Ident(name)).ReadAll()
			if err != nil || results[0].FieldDescriptions[0].Name != name {
				r.Fatalf("the name %q is %v, %v", name, results, err)
			}
		})
	}
}
