package engine

import (
	"fmt"
	"strings"
	"testing"
)

// TestQuarantineOfRecomputedRows computes rows anew that are in quarantine: each is there once, as it is now.
func TestQuarantineOfRecomputedRows(t *testing.T) {
	tests := map[string]struct {
		table, compute string
		want           []string
	}{
		"keys": {"from = table.bronze.visits\n aggregate {\n by = [day]\n n = count()\n}\n expect \"quarantine\" \"few\" { that = n < 2 }", "keys",
			[]string{"2026-01-01|3", "2026-01-02|2", "2026-01-03|2", "2026-01-04|2", "2026-01-05|2"}},
		"partitions": {"from = table.bronze.visits\n select { columns = [day, amount, region] }\n write \"partitions\" { by = [day] }\n expect \"quarantine\" \"eu\" { that = region == \"eu\" }", "partitions",
			[]string{"2026-01-01|0", "2026-01-01|7", "2026-01-02|1", "2026-01-03|2", "2026-01-04|3", "2026-01-05|4"}},
		"merge": {"from = table.bronze.visits\n dedupe {\n key = [id]\n keep = latest(amount)\n}\n select { columns = [day, amount, id, region] }\n write \"merge\" { key = [id] }\n expect \"quarantine\" \"eu\" { that = region == \"eu\" }", "keys",
			[]string{"2026-01-01|7", "2026-01-02|1", "2026-01-03|2", "2026-01-04|3", "2026-01-05|4"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, visitFiles(test.table))
			p.apply()
			p.write("in/2.csv", "id,day,region,amount\n1,2026-01-01,us,7\n")
			p.expect(p.apply(), "table.silver.days", "refresh - "+test.compute)
			query := "SELECT raw->>'day', coalesce(raw->>'amount', raw->>'n') FROM silver.days__quarantine"
			p.same(query, test.want...)
			// The table as it was before, with the rows that were in quarantine then: they are found again.
			p.rollback("silver", "days", 1)
			p.apply()
			p.settled()
			p.same(query, test.want...)
		})
	}
}

// TestQuarantinedRowsAreWhole takes out rows whose columns are named as what the engine makes queries of, and whose numbers are
// more than floating point holds.
func TestQuarantinedRowsAreWhole(t *testing.T) {
	p := newProject(t, map[string]string{"shop.etl.hcl": `
table "silver" "t" {
  sql = <<-SQL
    SELECT 1 AS b, 2 AS t, 3 AS reason, 4 AS raw, 12345678901234567.123 AS exact, CAST(NULL AS BIGINT) AS nothing, {'x': NULL, 'y': 5} AS nested
  SQL
  expect "quarantine" "never" { that = b > 1 }
}
`})
	p.apply()
	p.same("SELECT raw, reason FROM silver.t__quarantine",
		`{"b":1,"t":2,"reason":3,"raw":4,"exact":12345678901234567.123,"nothing":null,"nested":{"x":null,"y":5}}|failed the check "never"`)
}

// TestQuarantineGoesBackAndForth returns a table to snapshots that were left, and back: what is in quarantine goes along, also
// what came back with runs that began in the same second.
func TestQuarantineGoesBackAndForth(t *testing.T) {
	p := newProject(t, visitFiles("from = table.bronze.visits\n select { columns = [id, region] }\n write \"append\" {}\n expect \"quarantine\" \"eu\" { that = region == \"eu\" }"))
	query := "SELECT raw->>'id' FROM silver.days__quarantine"
	p.apply()
	p.write("in/2.csv", "id,day,region,amount\n21,2026-01-01,us,7\n")
	p.apply()
	p.write("in/3.csv", "id,day,region,amount\n31,2026-01-01,us,7\n32,2026-01-01,eu,7\n")
	p.apply()
	want := p.rows(query)
	for _, back := range []int{2, 3, 1, 4, 2} { // snapshots, of which each turn adds two
		p.rollback("silver", "days", back)
		p.apply()
		p.same(query, want...)
		p.settled()
	}
}

// TestQuarantineAloneIsPutRight rolls back a table, and a quarantine, that have nothing else to do: the plan says so, and the next
// apply makes the quarantine what goes with the rows.
func TestQuarantineAloneIsPutRight(t *testing.T) {
	below := func(limit int) string {
		return visitFiles(fmt.Sprintf("from = table.bronze.visits\n select { columns = [id, amount] }\n expect \"quarantine\" \"small\" { that = amount < %d }", limit))["shop.etl.hcl"]
	}
	p := newProject(t, visitFiles(""))
	row := "SELECT count(*), max((raw->>'amount')::INT) FROM silver.days__quarantine"
	for _, limit := range []int{4, 1, 4} {
		p.write("shop.etl.hcl", below(limit))
		p.apply()
	}
	p.same(row, "2|4")
	p.write("shop.etl.hcl", below(1))
	p.rollback("silver", "days", 1)
	p.expect(p.apply(), "table.silver.days", "evolve metadata metadata")
	p.same(row, "8|4")
	p.settled()
	p.rollback("silver", "days__quarantine", p.snapshots("silver", "days__quarantine")-1)
	p.expect(p.apply(), "table.silver.days", "evolve metadata metadata")
	p.same(row, "8|4")
	p.settled()
}

// TestBadRowsSentAgain reads bad rows, by the source's word and by a check, again and again: each is in quarantine as often as at
// the source, and a run that finds no others commits nothing.
func TestBadRowsSentAgain(t *testing.T) {
	for name, write := range map[string]string{"append": "", "merge": `write "merge" { key = [id, note] }`, "detects": `write "merge" { key = [id, note] }`} {
		t.Run(name, func(t *testing.T) {
			row := func(id, u any, note string) map[string]any {
				return map[string]any{"id": id, "u": u, "note": note}
			}
			table := &cursored{columns: cursoredColumns(), rows: []map[string]any{row(int64(1), int64(5), "bad"), row(int64(2), nil, "bad"),
				row(int64(3), int64(5), "low"), row(int64(4), int64(5), "fine"), row(int64(1), int64(5), "bad")}}
			p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
			text := strings.Replace(detecting, `write "merge" { key = [id, note] }`, write+"\n  expect \"quarantine\" \"high\" { that = note != \"low\" }", 1)
			p.write("shop.etl.hcl", strings.Replace(text, "detect_deletes = true", fmt.Sprint("detect_deletes = ", name == "detects"), 1))
			first := []string{"5|key id=1", "5|key id=1", "null|key id=2", "3|null"}
			query := "SELECT coalesce(CASE WHEN raw LIKE '{%' THEN raw->>'id' END, CASE WHEN raw = '<nil>' THEN NULL ELSE raw END), position FROM bronze.t__quarantine"
			p.apply()
			p.same(query, first...)
			before := p.snapshots("bronze", "t__quarantine")
			p.apply()
			p.apply()
			p.same(query, first...)
			if after := p.snapshots("bronze", "t__quarantine"); after != before {
				t.Errorf("%d snapshots of the same rows", after-before)
			}
			table.rows = append(table.rows, row(int64(1), int64(5), "bad"), row(int64(5), int64(6), "bad"), row(int64(6), int64(6), "low"))
			p.apply()
			p.same(query, append(first, "5|key id=1", "6|key id=5", "6|null")...)
			p.same("SELECT id FROM bronze.t", "4")
		})
	}
}
