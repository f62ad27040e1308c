package state

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestRunsAreRecordedOnce(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	at := time.Date(2026, 11, 23, 2, 0, 0, 123000, time.UTC)
	for n := range compactAt + 10 {
		run := Run{
			ID: fmt.Sprintf("run-%03d", n), PlanID: "p", Project: "shop", Command: "etl apply", Outcome: "done", User: "u", Host: "h",
			Version: "1", Started: at.Add(time.Duration(n) * time.Second), Ended: at.Add(time.Hour), Tables: 3, Failed: 1, Skipped: 2,
			RowsRead: 10, RowsWritten: 9, RowsBad: 1,
		}
		result := Result{RunID: run.ID, Address: "table.silver.orders", Table: "silver.orders", Outcome: "done", Snapshot: -1 << 62, Started: at}
		for range 2 {
			must(t, l.RecordRun(t.Context(), run, []Result{result, {RunID: run.ID, Check: "valid", RowsFailed: 3}}))
		}
		if n == 0 {
			got, err := l.Runs(t.Context(), 0)
			must(t, err)
			if len(got) != 1 || got[0] != run {
				t.Fatalf("recorded %+v, want %+v", got, run)
			}
		}
	}
	got, err := l.Runs(t.Context(), 2)
	must(t, err)
	if len(got) != 2 || got[0].ID != fmt.Sprintf("run-%03d", compactAt+9) || got[1].ID != fmt.Sprintf("run-%03d", compactAt+8) {
		t.Fatalf("the last runs are %+v", got)
	}
	runsTable, err := l.Table(t.Context(), runs().ident)
	must(t, err)
	if runsTable.Files >= compactAt || runsTable.Rows != compactAt+10 {
		t.Fatalf("%d rows in %d files", runsTable.Rows, runsTable.Files)
	}
	var seen struct{ Runs, Results, Snapshot float64 }
	python(t, dir, `
runs = catalog.load_table("etl.runs").scan().to_arrow()
results = catalog.load_table("etl.results").scan().to_arrow()
out({"Runs": len(runs), "Results": len(results), "Snapshot": results["snapshot"][0].as_py()})
`, &seen)
	if seen.Runs != compactAt+10 || seen.Results != 2*(compactAt+10) || seen.Snapshot != -1<<62 {
		t.Fatalf("others see %+v", seen)
	}
}

func TestOwnHistoryIsBounded(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	lease, err := l.Claim(t.Context(), claim("run-a", orders))
	must(t, err)
	for range keptSnapshots + 30 {
		must(t, lease.beat(t.Context()))
	}
	board, err := l.Table(t.Context(), leases().ident)
	must(t, err)
	if board.Snapshots > keptSnapshots {
		t.Fatalf("%d snapshots", board.Snapshots)
	}
	root := mustPath(board.Location)
	for pattern, most := range map[string]int{"metadata/*.json": 17, "metadata/*.avro": 4 * keptSnapshots, "data/*/*": keptSnapshots} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		must(t, err)
		if len(files) > most {
			t.Errorf("%d files are %s", len(files), pattern)
		}
	}
	current, err := l.load(t.Context(), leases().ident)
	must(t, err)
	named, err := reachable(current.meta.Snapshots())
	must(t, err)
	for path := range named {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("a snapshot that is kept names %s: %v", path, err)
		}
	}
	must(t, lease.Release(t.Context()))
	var rows int
	python(t, dir, `out(len(catalog.load_table("etl.leases").scan().to_arrow()))`, &rows)
	if rows != 0 {
		t.Fatalf("others see %d leases", rows)
	}
}
