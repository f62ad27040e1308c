package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
)

// lakehouse plays the host of a source that is followed: it keeps the log of changes and applies them by key.
type lakehouse struct {
	t        testing.TB
	cfg      sdk.Config
	cursor   map[string][]byte
	columns  coltype.Schema
	key      []string
	rows     map[string]map[string]string // by key; a null has no value
	gone     map[string]string            // the row that the change before deleted
	position string
	changes  int
	bad      []sdk.BadRow
	failing  func() error // before each batch
	// odd says that rows may be bad ones; parts are the rows that are absent since only a part of them was told.
	odd   bool
	parts map[string]bool
}

func newLakehouse(t testing.TB, cfg sdk.Config) *lakehouse {
	return &lakehouse{t: t, cfg: cfg, rows: map[string]map[string]string{}, parts: map[string]bool{}}
}

func (l *lakehouse) provider() sdk.Follower { return postgres.New().(sdk.Follower) }

// plan plans, and adds the columns that are new to those that are recorded.
func (l *lakehouse) plan() *sdk.PlanResponse {
	l.t.Helper()
	response, diags := l.provider().Plan(context.Background(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
	if diags.HasErrors() || !response.Resumable {
		l.t.Fatalf("planning: %v %+v", diags, response)
	}
	for _, c := range response.Columns {
		if l.columns.Index(c.Name) < 0 {
			l.columns = append(l.columns, coltype.Field{Name: c.Name, Type: c.Type})
		}
	}
	l.key = response.Key
	return response
}

// apply plans, prepares, reads and acknowledges.
func (l *lakehouse) apply() {
	l.t.Helper()
	l.load()
	l.acknowledge()
}

func (l *lakehouse) load() {
	l.t.Helper()
	if err := l.attempt(); err != nil {
		l.t.Fatalf("reading: %v", err)
	}
}

// attempt plans, prepares and reads.
func (l *lakehouse) attempt() error {
	l.t.Helper()
	response := l.plan()
	if len(response.Creates) > 0 || response.Snapshot {
		if diags := l.provider().Prepare(context.Background(), l.cfg); len(diags) > 0 {
			l.t.Fatalf("preparing: %v", diags)
		}
	}
	return l.read(response.Until)
}

func (l *lakehouse) acknowledge() {
	l.t.Helper()
	if diags := l.provider().Acknowledge(context.Background(), l.cfg, l.cursor); len(diags) > 0 {
		l.t.Fatalf("acknowledging: %v", diags)
	}
}

func (l *lakehouse) read(until []byte) error {
	req := sdk.ReadRequest{Columns: sdk.Followed(l.columns), Cursor: l.cursor, Until: until, BatchSize: 50}
	staged := &staged{lakehouse: l}
	if err := l.provider().Read(context.Background(), l.cfg, req, staged); err != nil {
		return err
	}
	for _, change := range staged.changes {
		l.change(change)
	}
	l.cursor, l.bad = map[string][]byte{"": staged.cursor}, append(l.bad, staged.bad...)
	return nil
}

// staged keeps a read until it is whole, as a commit does.
type staged struct {
	*lakehouse
	changes []map[string]string
	bad     []sdk.BadRow
	cursor  []byte
}

func (s *staged) Batch(_ context.Context, rows arrow.RecordBatch) error {
	if s.failing != nil {
		if err := s.failing(); err != nil {
			return err
		}
	}
	for i := range int(rows.NumRows()) {
		change := map[string]string{}
		for c, values := range rows.Columns() {
			if values.IsValid(i) {
				change[rows.ColumnName(c)] = fmt.Sprint(outputtest.Value(values, i))
			}
			if list, ok := values.(*array.List); ok && rows.ColumnName(c) == sdk.UnchangedColumn && list.IsValid(i) {
				from, to := list.ValueOffsets(i)
				names := make([]string, 0, to-from)
				for at := from; at < to; at++ {
					names = append(names, list.ListValues().ValueStr(int(at)))
				}
				change[sdk.UnchangedColumn] = strings.Join(names, ",")
			}
		}
		s.changes = append(s.changes, change)
	}
	return nil
}

func (s *staged) Origin(string, int64) {}
func (s *staged) File(context.Context, sdk.File) error {
	return fmt.Errorf("a file was handed over where batches were asked for")
}

func (s *staged) Bad(_ context.Context, rows []sdk.BadRow) error {
	s.bad = append(s.bad, rows...)
	return nil
}

func (s *staged) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	s.cursor = cursor
	return nil
}

func (s *staged) Progress(int64, int64) {}

// change applies one change, and refuses what can't be.
func (l *lakehouse) change(change map[string]string) {
	l.changes++
	op, position := change[sdk.OpColumn], change[sdk.PositionColumn]
	if position <= l.position {
		l.t.Fatalf("the change at %s comes after the one at %s", position, l.position)
	}
	l.position = position
	if op == sdk.Truncate {
		clear(l.rows)
		clear(l.parts)
		return
	}
	var parts []string
	for _, name := range l.key {
		parts = append(parts, change[name])
	}
	key := strings.Join(parts, "|")
	before := l.rows[key]
	delete(l.parts, key)
	if op == sdk.Delete {
		if before == nil && !l.odd {
			l.t.Fatalf("the row %s was deleted and wasn't there", key)
		}
		l.gone = before
		delete(l.rows, key)
		return
	}
	if (op == sdk.Insert) != (before == nil) && (!l.odd || op == sdk.Insert) {
		l.t.Fatalf("%s of the row %s, which was %v", op, key, before)
	}
	if op == sdk.Insert {
		before = l.gone
	}
	row := map[string]string{}
	for _, c := range l.columns {
		if value, there := change[c.Name]; there {
			row[c.Name] = value
		}
	}
	for _, name := range strings.Split(change[sdk.UnchangedColumn], ",") {
		if name == "" {
			continue
		}
		value, there := before[name]
		if before == nil && l.odd {
			l.parts[key] = true
			delete(l.rows, key)
			return
		}
		if !there {
			l.t.Fatalf("the value of %s is said to be as before, and there is none before", name)
		}
		row[name] = value
	}
	l.rows[key] = row
}

// equals compares with the table as it is, in the columns that it has.
func (l *lakehouse) equals() {
	l.t.Helper()
	cfg := l.cfg
	cfg.Mode, cfg.Extract = "batch", postgres.New().Schema().Extract["batch"].Empty()
	got := outputtest.Load(l.t, postgres.New(), cfg, false)
	want := map[string]map[string]string{}
	for _, row := range got.Rows {
		values := map[string]string{}
		for i, c := range got.Columns {
			if row.Values[i] != nil {
				values[c.Name] = fmt.Sprint(row.Values[i])
			}
		}
		var parts []string
		for _, name := range l.key {
			parts = append(parts, values[name])
		}
		want[strings.Join(parts, "|")] = values
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if l.parts[key] {
			delete(want, key)
			continue
		}
		held := map[string]string{}
		for _, c := range got.Columns {
			if value, there := l.rows[key][c.Name]; there {
				held[c.Name] = value
			}
		}
		if l.rows[key] == nil || !maps.Equal(held, want[key]) {
			l.t.Fatalf("the row %s is %.300v instead of %.300v", key, l.rows[key], want[key])
		}
	}
	if len(l.rows) != len(want) {
		l.t.Fatalf("%d rows instead of %d", len(l.rows), len(want))
	}
}
