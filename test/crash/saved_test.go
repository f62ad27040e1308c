package crash

import (
	"strings"
	"syscall"
	"testing"

	"github.com/automic-etl/etl/state/failpoint"
	"github.com/automic-etl/etl/test/crash/lab"
)

// TestSavedPlanRefused changes something between plan and apply: the plan is refused before a single byte is written.
func TestSavedPlanRefused(t *testing.T) {
	l, want := disturbed(t)
	changes := map[string]func(t *testing.T){
		"configuration": func(t *testing.T) {
			l.Write(t, map[string]string{"shop.etl.hcl": strings.Replace(configuration(), "amount > 0", "amount > 1", 1)})
		},
		"variable file": func(t *testing.T) {
			l.Write(t, map[string]string{"more.etl.hcl": `table "gold" "more" { from = table.bronze.customers }`})
		},
		"foreign append to a table that is written": func(t *testing.T) { appendForeign(t, l, "silver.latest") },
		"foreign append to a table that is read":    func(t *testing.T) { appendForeign(t, l, "bronze.orders") },
		"another apply":                             func(t *testing.T) { l.Must(t, 0, "apply", "-auto-approve") },
		"rollback": func(t *testing.T) {
			l.Must(t, 0, "rollback", "table.gold.sales", "-to="+snapshotOf(t, l, "table.gold.sales"), "-auto-approve")
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			l.Restore(t, "news")
			l.Must(t, 2, "plan", "-out=saved.plan", "-detailed-exitcode")
			change(t)
			before := l.Digest(t)
			r := l.Run(t, "apply", "saved.plan")
			r.Check(t, 1, "apply saved.plan")
			if !r.Says("The plan is stale") {
				t.Errorf("it doesn't say why:\n%s", r.Output())
			}
			if diff := lab.Difference(withoutLeases(l.Digest(t)), withoutLeases(before)); diff != "" {
				t.Errorf("it has written before it refused:\n%s", diff)
			}
			l.NoOrphans(t)
		})
	}
	l.Restore(t, "news")
	l.Must(t, 0, "plan", "-out=saved.plan")
	l.Must(t, 0, "apply", "saved.plan")
	settled(t, l, want)
	l.Must(t, 1, "apply", "saved.plan")
	settled(t, l, want)
}

// withoutLeases leaves out what a claim writes: the comparison is safe only under the leases.
func withoutLeases(digest string) string {
	var kept []string
	for line := range strings.SplitSeq(digest, "\n") {
		if !strings.Contains(line, "/etl/leases") && !strings.Contains(line, "/.etl/catalog.db") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// TestSavedPlanDied: a saved plan can't be applied twice, even if its run died before it had written anything.
func TestSavedPlanDied(t *testing.T) {
	l, want := disturbed(t)
	for _, point := range []string{failpoint.ApplyClaimed, failpoint.CommitMetadataAfter + ":3", failpoint.ApplyDone} {
		t.Run(point, func(t *testing.T) {
			l.Restore(t, "news")
			l.Must(t, 0, "plan", "-out=saved.plan")
			r := l.RunWith(t, []string{failpoint.Variable + "=" + point}, "apply", "saved.plan")
			if r.Signal != syscall.SIGKILL {
				t.Fatalf("it did not die:\n%s", r.Output())
			}
			again := l.Run(t, "apply", "saved.plan")
			again.Check(t, 1, "apply saved.plan")
			if !again.Says("The plan was applied already") && !again.Says("The plan is stale") {
				t.Errorf("it doesn't say why the plan can't be applied again:\n%s", again.Output())
			}
			l.Must(t, 0, "apply", "-auto-approve")
			settled(t, l, want)
		})
	}
}

// appendForeign appends a table's first row to it once more, by PyIceberg.
func appendForeign(t *testing.T, l *lab.Lab, table string) {
	t.Helper()
	l.Python(t, root, `
import lake, sys
table = lake.catalog(".").load_table(sys.argv[1])
table.append(table.scan().to_arrow().slice(0, 1))
`, table)
}
