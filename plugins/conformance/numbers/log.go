package numbers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Change is one change of a row, as a log of changes has it. The update of a row's n is a delete and an insert.
type Change struct {
	Op        string   `json:"op"`
	N         int64    `json:"n,omitempty"`
	As        int64    `json:"as,omitempty"`        // the number that the columns beside n are made from
	Unchanged []string `json:"unchanged,omitempty"` // columns whose value the log doesn't tell
}

// transaction is a line of the log: all of it happened, or nothing.
type transaction struct {
	Number  int64    `json:"tx"`
	Changes []Change `json:"changes"`
}

const logFile = "changes.jsonl"

// Append writes one transaction to the log in a folder: the test's side of a source that is followed. Only one may write
// at a time.
func Append(dir string, changes ...Change) error {
	log, err := readLog(dir)
	if err != nil {
		return err
	}
	line, err := json.Marshal(transaction{Number: int64(len(log)) + 1, Changes: changes})
	if err != nil {
		return err
	}
	file, err := os.OpenFile(filepath.Join(dir, logFile), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.Write(append(line, '\n'))
	return err
}

// readLog returns all transactions. A line without its end is not committed yet.
func readLog(dir string) ([]transaction, error) {
	text, err := os.ReadFile(filepath.Join(dir, logFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	var log []transaction
	for {
		line, rest, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			return log, err
		}
		var t transaction
		if err := json.Unmarshal(line, &t); err != nil {
			return nil, fmt.Errorf("transaction %d of the log: %w", len(log)+1, err)
		}
		log, text = append(log, t), rest
	}
}

// row is what the columns beside n are made from: one number, and older ones for the columns that kept their value.
type row struct {
	as   int64
	kept map[string]int64
}

func (r row) of(column string) int64 {
	if as, kept := r.kept[column]; kept {
		return as
	}
	return r.as
}

// after is the row that a change makes of this one.
func (r row) after(c Change) row {
	next := row{as: c.As}
	for _, column := range c.Unchanged {
		if next.kept == nil {
			next.kept = map[string]int64{}
		}
		next.kept[column] = r.of(column)
	}
	return next
}

// table is the rows at some point of the log.
type table map[int64]row

// at is the table after some transactions: it begins with the numbers below rows.
func at(rows int64, log []transaction) table {
	t := table{}
	for n := range rows {
		t[n] = row{as: n}
	}
	var gone row
	for _, tx := range log {
		for _, c := range tx.Changes {
			gone = t.apply(c, gone)
		}
	}
	return t
}

// apply makes a change and returns the row that it deleted, or the one that was deleted before.
func (t table) apply(c Change, gone row) row {
	switch c.Op {
	case sdk.Insert:
		t[c.N] = gone.after(c)
	case sdk.Update:
		t[c.N] = t[c.N].after(c)
	case sdk.Delete:
		gone = t[c.N]
		delete(t, c.N)
	case sdk.Truncate:
		clear(t)
	}
	return gone
}

// sorted are the numbers that are there.
func (t table) sorted() []int64 {
	numbers := make([]int64, 0, len(t))
	for n := range t {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	return numbers
}
