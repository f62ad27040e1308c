package state

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state/failpoint"
)

func TestRollback(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	columns := assigned(t, nil, plainColumns())
	c := change(nil, columns, Append, stage(t, l, nil, columns, 1))
	c.Summary.Cursor, c.Summary.PlanID = map[string][]byte{"": []byte("1")}, "plan-1"
	one := commit(t, l, c)
	wider := assigned(t, one, append(plainColumns(), column("day", coltype.Date)))
	c = change(one, wider, Append, stage(t, l, one, wider, 2))
	c.Add = nil
	c.Operation, c.Summary.DataHash, c.Definition = Empty, "d2", []byte(`{"a":2}`)
	c.Partition, c.Sort = []PartitionField{{"day", "month"}}, []SortField{{Column: "day"}}
	two := commit(t, l, c)
	three := commit(t, l, change(two, wider, Replace))

	back, err := l.Rollback(t.Context(), orders, one.Main, "run-back")
	must(t, err)
	if back.Main == one.Main || back.Main == three.Main || back.StateAt != back.Main || !back.Columns.Equal(columns) || back.Partition != nil || back.Sort != nil {
		t.Fatalf("rolled back to %+v", back)
	}
	s := back.Summary
	if s.Mode != ModeRollback || s.DataHash != "d1" || string(s.Cursor[""]) != "1" || s.RunID != "run-back" || s.PlanID != "" || string(back.Definition) != `{"a":1}` {
		t.Fatalf("rolled back to the state %+v, definition %s", s, back.Definition)
	}
	sameIDs(t, idsIn(t, l, back, back.Main), 1)
	history, err := l.History(t.Context(), orders)
	must(t, err)
	if history[0].Parent != one.Main || !history[0].Current || history[0].Operation != "replace" {
		t.Fatalf("on top of the target is %+v", history[0])
	}
	// Neither what waited on the old main, nor what waited on the target, can land any more.
	for _, base := range []*Table{one, three} {
		var conflict *ConflictError
		if _, err := l.Commit(t.Context(), change(base, nil, Empty)); !errors.As(err, &conflict) {
			t.Fatalf("a commit behind a rollback said %v", err)
		}
	}
	var seen rowsSeen
	python(t, dir, seeOrders, &seen)
	sameIDs(t, ids(seen.Py, 0), 1)
	sameIDs(t, ids(seen.Duck, 0), 1)
	// And forward again, and on.
	forward, err := l.Rollback(t.Context(), orders, two.Main, "run-forth")
	must(t, err)
	if !forward.Columns.Equal(wider) || forward.Summary.DataHash != "d2" || string(forward.Definition) != `{"a":2}` {
		t.Fatalf("forward to %+v", forward)
	}
	next := commit(t, l, change(forward, wider, Empty))
	if next.Partition != nil {
		t.Fatalf("partitioned by %v", next.Partition)
	}
	if _, err := l.Rollback(t.Context(), orders, 4711, "run-x"); !errors.Is(err, ErrNotFound) {
		t.Fatalf("to an unknown snapshot: %v", err)
	}
}

func TestRollbackBehindForeignRows(t *testing.T) {
	l := openIn(t, t.TempDir())
	ours := seed(t, l, 1)
	foreignAppend(t, l, 2)
	target := now(t, l)
	foreignAppend(t, l, 3)
	back, err := l.Rollback(t.Context(), orders, target.Main, "run-back")
	must(t, err)
	if len(back.Foreign) != 1 || back.Foreign[0].ID != target.Main || back.Summary.DataHash != ours.Summary.DataHash {
		t.Fatalf("rolled back to %+v", back)
	}
	sameIDs(t, idsIn(t, l, back, back.Main), 1, 2)
}

func TestSnapshotAt(t *testing.T) {
	l := openIn(t, t.TempDir())
	one := seed(t, l, 1)
	time.Sleep(5 * time.Millisecond)
	between := time.Now().UTC()
	time.Sleep(5 * time.Millisecond)
	two := commit(t, l, change(one, one.Columns, Append, stage(t, l, one, one.Columns, 2)))
	for ref, want := range map[string]int64{
		formatMillis(one.Main): one.Main, "main": two.Main, "etl": two.Main, between.Format(time.RFC3339Nano): one.Main,
		between.Format("2006-01-02 15:04:05.000000"): one.Main, "2999-01-01": two.Main,
	} {
		if got, err := l.SnapshotAt(t.Context(), orders, ref); err != nil || got != want {
			t.Errorf("%s is %d, %v; want %d", ref, got, err, want)
		}
	}
	for _, ref := range []string{"1999-01-01", "17", "no-such-branch", ""} {
		if _, err := l.SnapshotAt(t.Context(), orders, ref); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", ref, err)
		}
	}
}

// TestWholeSeconds reads times as `etl history` shows them, without the fraction that snapshots have.
func TestWholeSeconds(t *testing.T) {
	second := time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC)
	last := second.Add(999 * time.Millisecond)
	for text, want := range map[string]time.Time{
		"2026-01-31T10:00:00Z": last, "2026-01-31 10:00:00Z": last, "2026-01-31T11:00:00+01:00": last, "2026-01-31T10:00:00": last,
		" 2026-01-31 10:00:00 ": last, "2026-01-31T10:00:00.000Z": second, "2026-01-31 10:00:00.000": second,
		"2026-01-31 10:00:00,5": second.Add(500 * time.Millisecond), "2026-01-31T10:00": second, "2026-01-31": second.Add(-10 * time.Hour),
	} {
		if got, ok := parseTime(text); !ok || !got.Equal(want) {
			t.Errorf("%q is %s, %t; want %s", text, got, ok, want)
		}
	}
	l := openIn(t, t.TempDir())
	one := seed(t, l, 1)
	all, err := l.History(t.Context(), orders)
	must(t, err)
	shown := all[0].At.UTC().Truncate(time.Second)
	if got, err := l.SnapshotAt(t.Context(), orders, shown.Format(time.RFC3339)); err != nil || got != one.Main {
		t.Errorf("the time that history shows: %d, %v; want %d", got, err, one.Main)
	}
}

func TestDrop(t *testing.T) {
	l := openIn(t, t.TempDir())
	base := seed(t, l, 1)
	moved := commit(t, l, change(base, base.Columns, Empty))
	var conflict *ConflictError
	if err := l.DropPinned(t.Context(), base, true); !errors.As(err, &conflict) {
		t.Fatalf("dropping what moved: %v", err)
	}
	must(t, l.DropPinned(t.Context(), moved, true))
	path := mustPath(base.Location)
	if exists(path) {
		t.Fatal("the files are left")
	}
	if err := l.Drop(t.Context(), orders, true); !errors.Is(err, ErrNotFound) {
		t.Fatalf("dropping twice: %v", err)
	}
	seed(t, l, 1)
	must(t, l.Drop(t.Context(), orders, false))
	if !exists(path) {
		t.Fatal("the files are gone")
	}
	again := seed(t, l, 5)
	sameIDs(t, idsIn(t, l, again, again.Main), 5)
}

// A renamed table keeps its place: a new one of its old name goes elsewhere, and dropping one leaves the other.
func TestRenamedTablesKeepTheirPlace(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	old := seed(t, l, 1)
	python(t, dir, `catalog.rename_table("silver.orders", "silver.renamed"); out(None)`, nil)
	fresh := seed(t, l, 2)
	if fresh.Location == old.Location {
		t.Fatal("two tables share a folder")
	}
	must(t, l.Drop(t.Context(), orders, true))
	renamed := old.Ident
	renamed.Name = "renamed"
	left, err := l.Table(t.Context(), renamed)
	must(t, err)
	sameIDs(t, idsIn(t, l, left, left.Main), 1)
}

func TestKilledWhileDropping(t *testing.T) {
	for _, point := range []string{failpoint.DropMarked, failpoint.DropUnlisted, failpoint.DropRemove, failpoint.DropRemove + ":2", failpoint.DropAfter} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			must(t, otherProcess(t, "", "apply", dir, "2").Run())
			if !killed(t, otherProcess(t, point, "drop", dir, "0")) {
				t.Fatal("the process never came by")
			}
			l := openIn(t, dir)
			lease, err := l.Claim(t.Context(), claim("run-after", orders))
			must(t, err)
			must(t, lease.Release(t.Context()))
			_, err = l.Table(t.Context(), orders)
			dropped := errors.Is(err, ErrNotFound)
			if dropped != (point != failpoint.DropMarked) {
				t.Fatalf("dropped %v, %v", dropped, err)
			}
			path := filepath.Join(l.options.Warehouse, "silver", "orders")
			if exists(path) == dropped {
				left, _ := os.ReadDir(path)
				t.Fatalf("dropped %v, but the folder holds %v", dropped, left)
			}
			if exists(dropMark(path)) {
				t.Fatal("the mark is left")
			}
			recovered(t, dir, "", 3)
		})
	}
}
