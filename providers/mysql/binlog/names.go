package binlog

import (
	"maps"
	"slices"
	"strings"
)

// Names follow which columns of the source the names stand for under which values were read.
type Names struct {
	// Added are the names that were absent from rows that were read, and that a new column has got since.
	Added []string
	// Anew is whether no row is left of before, and all that came since have the columns that there are.
	Anew bool

	names    map[string]name // in lower case: the server takes them for the same
	recorded []string        // all names that rows are expected to have
	last     string          // the last statement that changed them
	stale    bool            // some changed since rows were last described
}

// name is what is known of one: whether values were read under it, and whether the column of these is called so still.
type name struct {
	held, gone bool
	// absent is of a recorded one that rows were read without; added, of one that a new column has got since.
	absent, added bool
	origin        string // the name whose column it is, as long as no row was read with it
}

// Taken says that names are other columns' than those whose values were read.
type Taken struct {
	Columns   []string
	Statement string
}

func (e *Taken) Error() string { return strings.Join(e.Columns, ", ") + " in " + e.Statement }

// NewNames takes the columns for held under which the rows have values that were read, but for those that are gone, and
// for those that are absent from rows that were read.
func NewNames(recorded, held, gone, absent []string) *Names {
	n := &Names{names: map[string]name{}, recorded: recorded}
	for _, column := range held {
		n.names[strings.ToLower(column)] = name{held: true}
	}
	for _, column := range gone {
		n.names[strings.ToLower(column)] = name{held: true, gone: true}
	}
	for _, column := range absent {
		n.names[strings.ToLower(column)] = name{absent: true}
	}
	return n
}

// Gone are the names under which values were read and whose column has another name now, or is no more.
func (n *Names) Gone() []string { return n.those(func(of name) bool { return of.gone }) }

// Absent are the recorded names that rows were read without, and that no column has.
func (n *Names) Absent() []string { return n.those(name.missing) }

func (n name) missing() bool { return n.absent && !n.added }

func (n *Names) those(such func(name) bool) []string {
	var found []string
	for _, column := range slices.Sorted(maps.Keys(n.names)) {
		if such(n.names[column]) {
			found = append(found, column)
		}
	}
	return found
}

// Unread are those of the columns of which no value was read.
func (n *Names) Unread(columns []string) []string {
	return slices.DeleteFunc(slices.Clone(columns), func(column string) bool {
		found, known := n.names[strings.ToLower(column)]
		return known && !found.missing()
	})
}

// alter follows a statement, and gives the names that are other columns' now than those whose values were read.
func (n *Names) alter(statement string, all []renaming) (taken []string) {
	if len(all) == 0 || statement == n.last { // MariaDB can log one statement when it begins, and when it ends
		return nil
	}
	n.last, n.stale = statement, true
	n.Anew = n.Anew && !n.rows()
	left := map[string]name{}
	for _, r := range all {
		if r.from != "" {
			column := strings.ToLower(r.from)
			left[column] = n.leave(column)
		}
	}
	for _, r := range all {
		if r.to != "" && n.enter(strings.ToLower(r.to), strings.ToLower(r.from), left, r.perhaps) {
			taken = append(taken, r.to)
		}
	}
	return taken
}

// leave takes a name from its column.
func (n *Names) leave(column string) name {
	was, known := n.names[column]
	switch {
	case !known:
	case was.held:
		n.names[column] = name{held: true, gone: true}
	case was.absent:
		n.names[column] = name{absent: true}
	default:
		delete(n.names, column)
	}
	return was
}

// enter gives a name to a column, which may have had it before. It reports whether rows were read that have values of another
// one under it, or lack those of this one.
func (n *Names) enter(column, from string, left map[string]name, perhaps bool) bool {
	origin := from
	if was := left[from]; from != "" && !was.held && was.origin != "" {
		origin = was.origin
	}
	was := n.names[column]
	switch {
	case was.absent:
		n.names[column] = name{absent: true, added: true}
		if from == "" {
			n.Added = append(n.Added, column)
		}
		return origin != "" && origin != column
	case !was.held:
		n.names[column] = name{origin: origin}
		return false
	case was.gone && origin == column, perhaps && !was.gone:
		n.names[column] = name{held: true}
		return false
	}
	n.names[column] = name{held: true}
	return true
}

// emptied forgets what was read: no row is left that could have it.
func (n *Names) emptied() {
	clear(n.names)
	n.last, n.stale, n.Anew = "", true, true
}

// rows reports whether any were read.
func (n *Names) rows() bool {
	for _, of := range n.names {
		if of.held {
			return true
		}
	}
	return false
}

// described follows a description of the table's rows: with them values come under all its names.
func (n *Names) described(columns []Column) {
	n.stale = false
	now := map[string]bool{}
	for i := range columns {
		column := strings.ToLower(columns[i].Name)
		now[column] = true
		if !n.names[column].gone {
			n.names[column] = name{held: true}
		}
	}
	for column, was := range n.names {
		if was.held && !now[column] {
			n.names[column] = name{held: true, gone: true}
		}
	}
	n.lack(now)
}

// lack remembers the recorded names that rows don't have.
func (n *Names) lack(now map[string]bool) {
	for _, column := range n.recorded {
		column = strings.ToLower(column)
		if _, known := n.names[column]; !known && !now[column] {
			n.names[column] = name{absent: true}
		}
	}
}
