package state

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/automic-etl/etl/lang/addr"
)

// ErrNotFound means that the catalog has no such table, or the table no such snapshot.
var ErrNotFound = errors.New("not found")

// absentError is what isn't there, told in a sentence; it is an ErrNotFound.
type absentError struct{ text string }

func absent(text string, args ...any) error { return &absentError{fmt.Sprintf(text, args...)} }

func (e *absentError) Error() string { return e.text }

func (e *absentError) Is(target error) bool { return target == ErrNotFound }

// ErrReadOnly means that a lakehouse opened for reading was asked to write.
var ErrReadOnly = errors.New("the lakehouse was opened for reading only")

// ConflictError means that another writer moved the table since the change was computed: merge and audit again.
type ConflictError struct {
	Ident    addr.Ident
	Expected int64  // main that the change was computed from
	Found    int64  // main now
	By       string // who moved it, as far as the snapshot tells
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s was changed by %s: its snapshot is %s, not %s as when this change was computed",
		e.Ident, e.By, snapshotName(e.Found), snapshotName(e.Expected))
}

func snapshotName(id int64) string {
	if id == 0 {
		return "none"
	}
	return fmt.Sprint(id)
}

// UnsupportedError means that a table uses a feature of Iceberg that etl doesn't read or write.
type UnsupportedError struct {
	Ident addr.Ident
	What  string // what it uses
	Way   string // the way out, a full sentence
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s: %s is not supported. %s", e.Ident, e.What, e.Way)
}

// NetworkFileSystemError refuses a SQLite catalog where its locks can't be trusted.
type NetworkFileSystemError struct {
	Path       string
	FileSystem string
}

func (e *NetworkFileSystemError) Error() string {
	return fmt.Sprintf("the catalog %s lies on a network file system (%s), where SQLite's locks don't hold and two "+
		"writers can lose each other's work. Use a catalog in PostgreSQL or REST, or a local disk", e.Path, e.FileSystem)
}

// ClockError means that this machine's clock is behind the table's last snapshot, which Iceberg's history can't bear.
type ClockError struct {
	Ident addr.Ident
	Last  time.Time
	Now   time.Time
}

func (e *ClockError) Error() string {
	return fmt.Sprintf("the clock of this machine says %s, but the last snapshot of %s is from %s. Set the clock and run again",
		e.Now.UTC().Format(time.RFC3339), e.Ident, e.Last.UTC().Format(time.RFC3339))
}

// HeldError means that other runs hold leases on tables of this one.
type HeldError struct {
	Holders []Holder
}

func (e *HeldError) Error() string {
	lines := make([]string, 0, len(e.Holders))
	for _, h := range e.Holders {
		lines = append(lines, h.String())
	}
	return "another run is working on these tables:\n" + strings.Join(lines, "\n")
}

// String says who holds what, for people.
func (h Holder) String() string {
	return fmt.Sprintf("%s (lease %s): run %s, `%s` by %s on %s, process %d, since %s",
		idents(h.Tables), h.ID, h.RunID, h.Command, h.User, h.Host, h.PID, h.Since.UTC().Format(time.RFC3339))
}

func idents(tables []addr.Ident) string {
	names := make([]string, 0, len(tables))
	for i, t := range tables {
		if i == 5 {
			return strings.Join(names, ", ") + fmt.Sprintf(" and %d more", len(tables)-i)
		}
		names = append(names, t.String())
	}
	return strings.Join(names, ", ")
}

// PlanUsedError refuses a saved plan that was claimed before, even if that run died.
type PlanUsedError struct {
	PlanID string
	RunID  string // the run that claimed it
}

func (e *PlanUsedError) Error() string {
	return fmt.Sprintf("plan %s was already applied, by run %s. A plan is applied once: plan again", e.PlanID, e.RunID)
}

// LostError means that the run's lease is gone: somebody took it for dead, or unlocked it.
type LostError struct {
	RunID string
	By    string // the run that took it, where known
}

func (e *LostError) Error() string {
	who := "somebody"
	if e.By != "" {
		who = "run " + e.By
	}
	return fmt.Sprintf("run %s lost its leases to %s, which took it for dead; nothing more is written", e.RunID, who)
}
