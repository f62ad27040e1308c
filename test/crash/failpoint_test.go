package crash

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/automic-etl/etl/state/failpoint"
	"github.com/automic-etl/etl/test/crash/lab"
)

// hits are how often a point is passed before the process dies there.
var hits = []int{1, 2, 5}

// TestKilledAtEveryPoint kills the second apply at each named point, the first, the second and the fifth time that it is
// passed; then another apply has to give what an uninterrupted one gives. Every point must be passed by some round.
func TestKilledAtEveryPoint(t *testing.T) {
	l, want := disturbed(t)
	passed := map[string]bool{}
	for _, point := range failpoint.All() {
		for _, hit := range hits {
			round := killRound{lab: l, point: point, hit: hit}
			killed := false
			t.Run(fmt.Sprintf("%s:%d", point, hit), func(t *testing.T) {
				l.Restore(t, "news")
				killed = round.run(t)
				settled(t, l, want)
			})
			if !killed {
				break
			}
			passed[point] = true
		}
	}
	for _, point := range failpoint.All() {
		if !passed[point] {
			t.Errorf("no round passed the point %s", point)
		}
	}
	t.Logf("points passed: %d of %d", len(slices.Sorted(maps.Keys(passed))), len(failpoint.All()))
}

// killRound is one death at a point, and one recovery.
type killRound struct {
	lab   *lab.Lab
	point string
	hit   int
}

// run reports whether the point was passed so often.
func (k killRound) run(t *testing.T) bool {
	env := []string{fmt.Sprintf("%s=%s:%d", failpoint.Variable, k.point, k.hit)}
	family, _, _ := strings.Cut(k.point, ".")
	var r lab.Result
	switch family {
	case "sweep": // somebody has to die first, with files written that nobody published
		k.lab.RunWith(t, []string{failpoint.Variable + "=" + failpoint.CommitMetadataAfter + ":4"}, "apply", "-auto-approve")
		k.lab.NoOrphans(t)
		r = k.lab.RunWith(t, env, "apply", "-auto-approve")
	case "rollback":
		r = k.rollback(t, env)
	case "lease": // beats need a short life
		r = k.lab.RunWith(t, append(env, "ETL_LEASE_TTL=60ms"), "apply", "-auto-approve")
	default:
		r = k.lab.RunWith(t, env, "apply", "-auto-approve")
	}
	killed := r.Signal == syscall.SIGKILL
	if !killed {
		r.Check(t, 0, "apply")
	}
	k.lab.NoOrphans(t)
	k.lab.Must(t, 0, "apply", "-auto-approve")
	return killed
}

// rollback takes in the news, returns a table to where it was before, and dies in that.
func (k killRound) rollback(t *testing.T, env []string) lab.Result {
	before := snapshotOf(t, k.lab, "table.silver.orders")
	k.lab.Must(t, 0, "apply", "-auto-approve")
	return k.lab.RunWith(t, env, "rollback", "table.silver.orders", "-to="+before, "-auto-approve")
}

// snapshotOf is the snapshot that readers of a table see.
func snapshotOf(t testing.TB, l *lab.Lab, address string) string {
	t.Helper()
	r := l.Must(t, 0, "state", "show", address, "-format=csv")
	for line := range strings.SplitSeq(r.Stdout, "\n") {
		if id, ok := strings.CutPrefix(line, "main,"); ok {
			return strings.TrimSpace(id)
		}
	}
	t.Fatalf("`etl state show` names no snapshot:\n%s", r.Stdout)
	return ""
}
