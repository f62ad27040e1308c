package crash

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

const slow = `
source "csv" "many" { path = "many.csv" }
table "bronze" "many" { from = source.csv.many }
table "gold" "many" {
  from = table.bronze.many
  aggregate { n = count() }
}
`

// TestProviderKilled kills the provider's process while it reads: the diagnostic names the block, readers keep what they had,
// and the next apply is right.
func TestProviderKilled(t *testing.T) {
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"many.etl.hcl": slow, "many.csv": "id,text\n0,first\n"})
	l.Must(t, 0, "apply", "-auto-approve")
	const rows = 2_000_000
	l.Write(t, map[string]string{"many.csv": numbered(rows)})
	run := l.Start(t, nil, "apply", "-auto-approve")
	lab.Eventually(t, "new data files of the table", func() bool {
		return strings.Contains(l.Digest(t), "/bronze/many") && killProvider(l, run) || run.Ended()
	})
	r := run.Wait(t)
	r.Check(t, 1, "apply")
	if !r.Says("many.csv") && !r.Says("source.csv.many") && !r.Says(`source "csv" "many"`) {
		t.Errorf("the diagnostic doesn't name the block:\n%s", r.Output())
	}
	if r.Says("EOF") {
		t.Errorf("the diagnostic says EOF:\n%s", r.Output())
	}
	l.NoOrphans(t)
	if got := l.Rows(t, "bronze.many"); strings.Count(got, "\n") != 0 {
		t.Errorf("readers see rows of the load that failed: %d lines", strings.Count(got, "\n")+1)
	}
	l.Must(t, 0, "apply", "-auto-approve")
	if got := l.Rows(t, "gold.many"); got != fmt.Sprintf(`gold.many {"n":%d}`, rows) {
		t.Errorf("gold.many has %s", got)
	}
	l.NoOrphans(t)
}

// killProvider kills the process that the host started, once it reads.
func killProvider(l *lab.Lab, host *lab.Run) bool {
	for _, p := range l.Processes() {
		if p.PID != host.PID() && !host.Ended() {
			return syscall.Kill(p.PID, syscall.SIGKILL) == nil
		}
	}
	return false
}

func numbered(rows int) string {
	var b strings.Builder
	b.WriteString("id,text\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,number %d of them all\n", i, i)
	}
	return b.String()
}
