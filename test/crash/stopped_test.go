package crash

import (
	"syscall"
	"testing"

	"github.com/automic-etl/etl/state/failpoint"
	"github.com/automic-etl/etl/test/crash/lab"
)

// TestStoppedPastItsLease stops an apply until its lease is dead; another sweeps and applies; then the first goes on. It has
// to find out and end with an error, and the tables stay as the other one left them.
func TestStoppedPastItsLease(t *testing.T) {
	l, want := disturbed(t)
	points := []string{
		failpoint.ApplyClaimed, failpoint.WriteAfter, failpoint.AuditAfter + ":3", failpoint.CommitBefore + ":3",
		failpoint.CommitManifestsAfter + ":4", failpoint.CommitMetadataAfter + ":3", failpoint.CommitSwapAfter + ":3", failpoint.LeaseReleaseBefore,
	}
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			l.Restore(t, "news")
			// Stopped amid a swap, a process keeps SQLite locked until it goes on: one table at a time, and no beat just then.
			ttl := "ETL_LEASE_TTL=4s"
			stopped := l.Start(t, []string{ttl, failpoint.Variable + "=stop:" + point}, "apply", "-auto-approve", "-parallelism=1")
			lab.Eventually(t, "the first apply stops", func() bool { return lab.Stopped(stopped.PID()) || stopped.Ended() })
			if stopped.Ended() {
				t.Fatalf("it ended instead of stopping at %s:\n%s", point, stopped.Wait(t).Output())
			}
			l.RunWith(t, []string{ttl}, "apply", "-auto-approve", "-lock-timeout=60s").Check(t, 0, "apply")
			stopped.Signal(t, syscall.SIGCONT)
			r := stopped.Wait(t)
			if point == failpoint.LeaseReleaseBefore {
				return // all was published before it stopped
			}
			r.Check(t, 1, "apply")
			settled(t, l, want)
			readableByOthers(t, l)
		})
	}
}

// readableByOthers has PyIceberg and DuckDB read every table whole, and compares their counts.
func readableByOthers(t *testing.T, l *lab.Lab) {
	t.Helper()
	l.Python(t, root, `
import lake, sys
catalog, engine = lake.catalog("."), lake.engine()
for name in sys.argv[1:]:
    table = catalog.load_table(name)
    rows = len(table.scan().to_arrow())
    lake.scan(engine, table, "seen")
    [[seen]] = engine.execute("SELECT count(*) FROM seen").fetchall()
    assert rows == seen, (name, rows, seen)
`, shopTables...)
}
