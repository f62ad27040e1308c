// Package failpoint lets tests kill or stop the process between two steps of a write. Nothing happens unless the
// environment names a point: ETL_FAILPOINT=commit.swap.before kills there, commit.swap.before:3 at the third time,
// stop:commit.swap.before stops the process (SIGSTOP) and goes on when it is continued.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// Variable is the environment variable that names a point.
const Variable = "ETL_FAILPOINT"

// counter counts how often each point was passed; it is touched only while a failpoint is set.
type counter struct {
	mu   sync.Mutex
	seen map[string]int
}

// hits is the one mutable thing here: the count has to outlive every caller.
var hits = counter{seen: map[string]int{}}

func (c *counter) next(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[name]++
	return c.seen[name]
}

// Hit ends or stops the process if the environment names this point.
func Hit(name string) {
	wanted := os.Getenv(Variable)
	if wanted == "" {
		return
	}
	wanted, stops := strings.CutPrefix(wanted, "stop:")
	wanted, count, counted := strings.Cut(wanted, ":")
	if wanted != name {
		return
	}
	nth := hits.next(name)
	if n, err := strconv.Atoi(count); counted && (err != nil || n != nth) {
		return
	}
	if !counted && stops && nth > 1 {
		return // stopped once already; it was continued to go on
	}
	signalSelf(stops)
}
