package binlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// longest is how many bytes of a transaction are kept back until its end says whether it holds. What a longer one does is told
// at once: only if it is rolled back, which is hardly ever logged, can it not be followed.
const longest = 64 << 20

// step is something that a transaction does to the table.
type step struct {
	place *replication.EventHeader
	bytes uint64
	firm  bool // no rollback takes it back: the definition of a table
	tell  func() error
}

// held is what a transaction has done to the table.
type held struct {
	steps      []step // not told yet
	told       int    // steps before these
	bytes      uint64 // of all
	savepoints []savepoint
	place      *replication.EventHeader // of the last step that was told
}

// savepoint is after so many steps.
type savepoint struct {
	name  string
	after int
}

func (h *held) any() bool { return h.told > 0 || len(h.steps) > 0 }

func (f *Follower) hold(s step) error {
	f.held.steps = append(f.held.steps, s)
	if f.held.bytes += s.bytes; f.held.bytes > longest || f.current == nil {
		return f.tell()
	}
	return nil
}

// tell does what was kept back.
func (f *Follower) tell() error {
	for _, s := range f.held.steps {
		if s.place != f.held.place {
			f.row, f.held.place = 0, s.place
		}
		if err := s.tell(); err != nil {
			return err
		}
	}
	f.held.told += len(f.held.steps)
	f.held.steps = f.held.steps[:0]
	return nil
}

// undo takes back all but so many steps. MariaDB logs that CREATE OR REPLACE … SELECT failed as a DROP that is rolled back; the
// table is gone though.
func (f *Follower) undo(left int) error {
	if left < f.held.told {
		return &Error{f.mark.GTID, fmt.Sprintf("a transaction that has more than %d MB of changes of %s.%s was rolled back, which the log doesn't say before its end",
			longest>>20, f.Database, f.Table)}
	}
	kept := left - f.held.told
	undone := slices.DeleteFunc(f.held.steps[kept:], func(s step) bool { return !s.firm })
	f.held.steps = f.held.steps[:kept+len(undone)]
	return nil
}

// savepoint sets one, or sets it anew.
func (f *Follower) savepoint(name string) {
	f.held.savepoints = append(f.held.savepoints, savepoint{name, f.held.told + len(f.held.steps)})
}

// rollbackTo takes back what followed a savepoint.
func (f *Follower) rollbackTo(name, statement string) error {
	all := f.held.savepoints
	for i, found := range slices.Backward(all) {
		if strings.EqualFold(found.name, name) {
			f.held.savepoints = all[:i+1]
			return f.undo(found.after)
		}
	}
	if f.held.any() {
		return &Error{shortened(statement), fmt.Sprintf("a change of %s.%s was rolled back to a savepoint that the log doesn't have", f.Database, f.Table)}
	}
	return nil
}
