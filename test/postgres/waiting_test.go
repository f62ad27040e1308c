package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestWaitForTransactions starts a run while transactions are open, one after the other: it says which one it waits for, whose
// it is and what ends it, and goes on once they have ended.
func TestWaitForTransactions(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })
	idle := connect(t, d.dsn("etl")+"&application_name=forgotten")
	defer idle.Close(context.Background())
	for _, sql := range []string{"BEGIN", "UPDATE busy SET n = n WHERE id = 1"} {
		if _, err := idle.Exec(context.Background(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	gid := "it's " + d.name
	d.exec(t, "BEGIN; UPDATE busy SET n = n WHERE id = 2; PREPARE TRANSACTION %s", quoted(gid))

	run := p.start(t, "apply", "-auto-approve")
	says := func(words ...string) {
		t.Helper()
		for end := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			missing := ""
			for _, word := range words {
				if !strings.Contains(run.Stderr(), word) {
					missing = word
				}
			}
			if missing == "" {
				return
			}
			if run.Ended() || time.Now().After(end) {
				t.Errorf("%s is missing in:\n%s", missing, run.Stderr())
				return
			}
		}
	}
	says("waits for a transaction", fmt.Sprintf("pid=%d", idle.PID()), "user=etl", "application=forgotten", "database="+d.name, "since=2", "idle in transaction")
	if _, err := idle.Exec(context.Background(), "COMMIT").ReadAll(); err != nil {
		t.Error(err)
	}
	says(gid, "ROLLBACK PREPARED "+quoted(gid))
	d.exec(t, "COMMIT PREPARED %s", quoted(gid))
	run.Wait(t).Check(t, 0, "apply")
	p.settle(t)
	p.equal(t, "silver.merged")
}

func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
