package planner

import (
	"testing"

	"github.com/automic-etl/etl/state"
)

// TestRowMoving tells what other writers do to rows from what only moves them.
func TestRowMoving(t *testing.T) {
	tests := map[string]struct {
		snapshot state.Snapshot
		moves    bool
	}{
		"append":               {state.Snapshot{Operation: "append", Added: 3}, true},
		"empty append":         {state.Snapshot{Operation: "append"}, false},
		"compaction":           {state.Snapshot{Operation: "replace", Added: 3, Removed: 3}, false},
		"empty of ours":        {state.Snapshot{Operation: "replace"}, false},
		"overwrite":            {state.Snapshot{Operation: "overwrite", Added: 3, Removed: 3}, true},
		"delete of files":      {state.Snapshot{Operation: "delete", Removed: 3}, true},
		"deletes by position":  {state.Snapshot{Operation: "delete"}, true},
		"upsert by row deltas": {state.Snapshot{Operation: "overwrite", Added: 1}, true},
	}
	for name, test := range tests {
		if got := len(rowMoving([]state.Snapshot{test.snapshot})) == 1; got != test.moves {
			t.Errorf("%s moves rows: %v", name, got)
		}
	}
}

func TestSinceSnapshot(t *testing.T) {
	history := []state.Snapshot{{ID: 4, Parent: 3}, {ID: 5, Parent: 2}, {ID: 3, Parent: 2}, {ID: 2, Parent: 1}}
	tests := map[string]struct {
		main, since int64
		between     int
		found       bool
	}{
		"nothing": {4, 4, 0, true}, "two": {4, 2, 2, true}, "rolled back": {5, 4, 0, false}, "expired": {4, 9, 0, false}, "oldest": {4, 1, 3, true},
	}
	for name, test := range tests {
		between, found := sinceSnapshot(history, test.main, test.since)
		if found != test.found || found && len(between) != test.between {
			t.Errorf("%s: %d snapshots, %v", name, len(between), found)
		}
	}
}

// TestStepOf names what changed as a person calls it.
func TestStepOf(t *testing.T) {
	for path, want := range map[string]string{"steps[1].derive.amount": "the step derive", "steps[0].filter.where": "the step filter", "sql": "sql", "write.key": "write"} {
		if got := stepOf(path); got != want {
			t.Errorf("%s is called %q", path, got)
		}
	}
}
