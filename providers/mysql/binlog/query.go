package binlog

import (
	"fmt"
	"slices"
	"strings"

	"github.com/go-mysql-org/go-mysql/replication"
)

// Error is a statement that makes it impossible to go on.
type Error struct{ Statement, Why string }

func (e *Error) Error() string { return e.Why + ": " + e.Statement }

// query looks for statements that change the table without any row in the log.
func (f *Follower) query(e *replication.QueryEvent, place *replication.EventHeader) (bool, error) {
	text := string(trimmed(e.Query))
	switch verb := strings.ToUpper(firstWord(text)); verb {
	case "BEGIN", "SAVEPOINT", "RELEASE":
		return false, nil
	case "XA":
		return false, nil
	case "COMMIT", "ROLLBACK":
		return true, f.commit()
	default:
		effect := effectOf(text, string(e.Schema), f.Database, f.Table)
		if err := f.apply(effect, text, place); err != nil {
			return false, err
		}
		if err := f.rename(text, string(e.Schema)); err != nil {
			return false, err
		}
		if f.standalone(verb) {
			return true, f.commit()
		}
		return false, nil
	}
}

// standalone statements are transactions of their own. Changes that are logged as statements have an end besides.
func (f *Follower) standalone(verb string) bool {
	switch verb {
	case "INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "SET", "DO":
		return false
	}
	return true
}

// rename follows what happens to the names of columns, and looks at those that are read.
func (f *Follower) rename(text, in string) error {
	if f.Names == nil {
		return nil
	}
	taken := f.Names.alter(text, renamings(text, in, f.Database, f.Table))
	if taken = slices.DeleteFunc(taken, func(column string) bool { return !f.handler.Wanted(column) }); len(taken) > 0 {
		return &Taken{Columns: taken, Statement: shortened(text)}
	}
	return nil
}

func (f *Follower) apply(effect effect, text string, place *replication.EventHeader) error {
	switch effect {
	case emptied:
		if f.Names != nil {
			f.Names.emptied()
		}
		return f.handler.Truncate(f.place(place), f.committed)
	case replaced:
		return &Error{shortened(text), fmt.Sprintf("%s.%s was replaced by another table", f.Database, f.Table)}
	case cut:
		return &Error{shortened(text), fmt.Sprintf("rows of %s.%s changed with its partitions, or its files", f.Database, f.Table)}
	case stated:
		return &Error{shortened(text), fmt.Sprintf("a change of %s.%s was logged as a statement, not by its rows", f.Database, f.Table)}
	}
	return nil
}

func shortened(text string) string {
	if len(text) > 200 {
		return strings.ToValidUTF8(text[:200], "") + "…"
	}
	return text
}
