package crash

import (
	"math/rand/v2"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/test/crash/lab"
)

// rounds is how often a run is killed at a random moment.
const rounds = 50

// seed is ETL_CRASH_SEED, or a new one that the log names.
func seed(t *testing.T) uint64 {
	t.Helper()
	s := uint64(time.Now().UnixNano())
	if given := os.Getenv("ETL_CRASH_SEED"); given != "" {
		var err error
		if s, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("repeat with ETL_CRASH_SEED=%d", s)
	return s
}

// TestKilledAtRandom kills applies at random moments, some of them twice in a row, and the very first apply among them.
func TestKilledAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(seed(t), 0))
	l := opened(t)
	l.Save(t, "opened")
	began := time.Now()
	l.Must(t, 0, "apply", "-auto-approve")
	took := time.Since(began)
	news(t, l)
	l.Save(t, "news")
	l.Must(t, 0, "apply", "-auto-approve")
	want := l.Rows(t, shopTables...)
	died := 0
	for i := range rounds {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			first := i%5 == 0 // tables are being created
			l.Restore(t, map[bool]string{true: "opened", false: "news"}[first])
			for range 1 + i%3/2 {
				if killAfter(t, l, time.Duration(random.Int64N(int64(took)))) {
					died++
				}
			}
			l.Must(t, 0, "apply", "-auto-approve")
			if first {
				news(t, l)
				l.Must(t, 0, "apply", "-auto-approve")
			}
			settled(t, l, want)
		})
	}
	if died < rounds/2 {
		t.Errorf("only %d of %d runs died before their end: the moments are too late", died, rounds)
	}
}

// killAfter starts an apply, kills it, and reports whether it was still running.
func killAfter(t *testing.T, l *lab.Lab, after time.Duration) bool {
	t.Helper()
	run := l.Start(t, nil, "apply", "-auto-approve")
	time.Sleep(after)
	run.Signal(t, syscall.SIGKILL)
	r := run.Wait(t)
	l.NoOrphans(t)
	return r.Signal == syscall.SIGKILL
}
