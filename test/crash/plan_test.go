package crash

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestPlanChangesNothing compares every byte of catalog and warehouse before and after plans, of which each gives the same.
func TestPlanChangesNothing(t *testing.T) {
	l, _ := disturbed(t)
	before, dump := l.Digest(t), catalogDump(t, l)
	for _, format := range []string{"text", "json", "markdown", "html"} {
		first := l.Must(t, 0, "plan", "-format="+format, "-out=first.plan").Stdout
		if err := os.RemoveAll(filepath.Join(l.Dir, ".etl", "cache")); err != nil {
			t.Fatal(err)
		}
		if second := l.Must(t, 0, "plan", "-format="+format, "-out=second.plan").Stdout; first != second {
			t.Errorf("two plans differ as %s:\n%s", format, lab.Difference(first, second))
		}
	}
	if after := catalogDump(t, l); after != dump {
		t.Errorf("the catalog has changed:\n%s", lab.Difference(after, dump))
	}
	if diff := lab.Difference(l.Digest(t), before); diff != "" {
		t.Errorf("files have changed:\n%s", diff)
	}
}

// TestPlanOfNothing makes no catalog where there is none.
func TestPlanOfNothing(t *testing.T) {
	l := opened(t)
	l.Must(t, 2, "plan", "-detailed-exitcode")
	if digest := l.Digest(t); digest != "" {
		t.Errorf("the plan has written:\n%s", digest)
	}
}

// catalogDump is the catalog as SQL.
func catalogDump(t *testing.T, l *lab.Lab) string {
	t.Helper()
	return l.Python(t, root, `
import sqlite3
for line in sqlite3.connect("file:.etl/catalog.db?mode=ro", uri=True).iterdump():
    print(line)
`)
}

// TestExpectFails leaves readers on the old snapshot, and shows the rows.
func TestExpectFails(t *testing.T) {
	l, _ := disturbed(t)
	before := l.Rows(t, "silver.checked")
	l.Write(t, map[string]string{"in/orders-05.csv": "id,customer,amount,at,email\n77777,1,,2026-01-01 00:00:00,bad@example.com\n"})
	r := l.Run(t, "apply", "-auto-approve")
	r.Check(t, 1, "apply")
	if !r.Says("has an amount", "77777") {
		t.Errorf("the diagnostic lacks the check or the row:\n%s", r.Output())
	}
	if diff := lab.Difference(l.Rows(t, "silver.checked"), before); diff != "" {
		t.Errorf("readers see another state:\n%s", diff)
	}
	if locks := l.Locks(t); locks != "" {
		t.Errorf("leases are left: %s", locks)
	}
	l.NoOrphans(t)
	l.NoStrays(t)
}

// TestRollback: the plan says what is recomputed, and the next apply is forward again.
func TestRollback(t *testing.T) {
	l, want := disturbed(t)
	before := snapshotOf(t, l, "table.bronze.orders")
	old := l.Rows(t, "bronze.orders")
	l.Must(t, 0, "apply", "-auto-approve")
	l.Must(t, 0, "rollback", "table.bronze.orders", "-to="+before, "-auto-approve")
	if diff := lab.Difference(l.Rows(t, "bronze.orders"), old); diff != "" {
		t.Errorf("the table isn't what it was:\n%s", diff)
	}
	r := l.Must(t, 2, "plan", "-detailed-exitcode")
	if !r.Says("it was rolled back, and goes forward again", "because table.bronze.orders was rolled back; recomputes fully: rows of table.bronze.orders from which these were computed were taken back",
		"table.gold.sales", "because table.silver.orders") {
		t.Errorf("the plan doesn't say what is recomputed:\n%s", r.Output())
	}
	l.Must(t, 0, "apply", "-auto-approve")
	settled(t, l, want)
}
