package postgres

import (
	"errors"
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/test/services"
)

// rounds is how often something goes wrong; ETL_CRASH_ROUNDS is another number.
const rounds = 50

func roundsWanted(t *testing.T) int {
	text := os.Getenv("ETL_CRASH_ROUNDS")
	if text == "" {
		return rounds
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func randomSeed(t *testing.T) uint64 {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("ETL_CRASH_SEED"); given != "" {
		var err error
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("repeat with ETL_CRASH_SEED=%d", seed)
	return seed
}

// TestCrashRounds follows a table that is written to all the time, while runs are killed, providers are killed, connections
// are ended, and the server restarts, each at random moments. In the end the lakehouse has what the table has, row for row,
// and the log of changes has neither a gap nor a position twice.
func TestCrashRounds(t *testing.T) {
	own, err := services.Start("postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	at, err := newAddress(own.Env)
	if err != nil {
		t.Fatal(err)
	}
	d := databaseAt(t, at)
	d.moving(t)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop + current})
	random := rand.New(rand.NewPCG(randomSeed(t), 0))
	stop := d.background(t, "busy")
	disturbed := map[string]int{}
	for range roundsWanted(t) {
		run := p.start(t, "apply", "-auto-approve")
		time.Sleep(time.Duration(random.Int64N(int64(1200 * time.Millisecond))))
		late := run.Ended()
		what := "nothing"
		switch n := random.IntN(10); {
		case n < 4:
			what = "kill"
			run.Signal(t, syscall.SIGKILL)
		case n < 6:
			what = "provider"
			for _, process := range p.Processes() {
				if process.PID != run.PID() {
					_ = syscall.Kill(process.PID, syscall.SIGKILL)
				}
			}
		case n < 8:
			what = "connections"
			d.asAdmin(t, d.name, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etl'")
		case n < 9:
			what = "restart"
			if err := errors.Join(own.Stop(), own.Resume()); err != nil {
				t.Fatal(err)
			}
		}
		if !late {
			disturbed[what]++
		}
		r := run.Wait(t)
		if r.Says("goroutine ") || r.Says("This is a bug in etl") {
			t.Fatalf("after %s:\n%s", what, r.Output())
		}
		p.NoOrphans(t)
	}
	written := stop()
	d.conn = connect(t, d.dsn("etl"))
	p.settle(t)
	p.equal(t, "bronze.current", "silver.merged")
	p.whole(t, "bronze.log")
	t.Logf("%d transactions, disturbed %v", written, disturbed)
	if disturbed["kill"] == 0 && disturbed["connections"] == 0 && roundsWanted(t) >= rounds {
		t.Errorf("the moments are too late: %v", disturbed)
	}
}
