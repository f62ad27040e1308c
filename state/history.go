package state

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// History are all snapshots that a table keeps, newest first; the current one is marked.
func (l *Lakehouse) History(ctx context.Context, ident addr.Ident) ([]Snapshot, error) {
	current, err := l.load(ctx, ident)
	if err != nil {
		return nil, err
	}
	path, err := pathOf(current.meta.Location())
	if err != nil {
		return nil, fmt.Errorf("the history of %s: %w", ident, err)
	}
	line := lineageOf(current.meta)
	var all []Snapshot
	for _, s := range current.meta.Snapshots() {
		entry := snapshotOf(&s)
		entry.Current = s.SnapshotID == line.main
		if s.Summary != nil && ours(s.Summary.Properties) {
			props, err := unspill(path, s.Summary.Properties)
			if err != nil {
				return nil, fmt.Errorf("the history of %s: %w", ident, err)
			}
			recorded, err := decodeSummary(props)
			if err != nil {
				return nil, fmt.Errorf("the history of %s: %w", ident, err)
			}
			entry.Summary = &recorded
		}
		all = append(all, entry)
	}
	slices.Reverse(all) // metadata lists them as they were made
	return all, nil
}

// SnapshotAt finds a snapshot by what a person writes: an id, the name of a branch or tag, or a time, which stands for what was
// current then.
func (l *Lakehouse) SnapshotAt(ctx context.Context, ident addr.Ident, ref string) (int64, error) {
	current, err := l.load(ctx, ident)
	if err != nil {
		return 0, err
	}
	m := current.meta
	for name, r := range m.Refs() {
		if name == ref {
			return r.SnapshotID, nil
		}
	}
	if id, err := strconv.ParseInt(ref, 10, 64); err == nil {
		if m.SnapshotByID(id) == nil {
			return 0, absent("%s has no snapshot %d, or no longer. `etl history` lists those it has", ident, id)
		}
		return id, nil
	}
	at, ok := parseTime(ref)
	if !ok {
		return 0, absent("%q is no snapshot, branch or tag of %s, and no time such as 2026-01-31T10:00:00Z. `etl history` lists the snapshots", ref, ident)
	}
	return currentAt(m, ident, at)
}

// currentAt is the snapshot that was main at a time.
func currentAt(m table.Metadata, ident addr.Ident, at time.Time) (int64, error) {
	found := int64(0)
	for e := range m.SnapshotLogs() {
		if e.TimestampMs <= at.UnixMilli() {
			found = e.SnapshotID
		}
	}
	if found == 0 || m.SnapshotByID(found) == nil {
		return 0, absent("%s had no snapshot at %s that is still kept. `etl history` lists those it has", ident, at.UTC().Format(time.RFC3339))
	}
	return found, nil
}

// parseTime reads times as people and our own output write them; without a zone they are UTC. A whole second is meant to its
// end, as `etl history` shows no more of a time than its second.
func parseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	for _, form := range []string{
		time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999",
	} {
		if at, err := time.Parse(form, text); err == nil && strings.ContainsAny(text, ".,") {
			return at, true
		} else if err == nil {
			return at.Add(time.Second - time.Millisecond), true // a snapshot's time has milliseconds
		}
	}
	for _, form := range []string{"2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(form, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// SchemaAt are the columns of a table at one of its snapshots.
func (l *Lakehouse) SchemaAt(ctx context.Context, t *Table, snapshot int64) (coltype.Schema, error) {
	if snapshot == 0 {
		return t.Columns, nil
	}
	m, err := l.metadataWith(ctx, t, snapshot)
	if err != nil {
		return nil, err
	}
	return columnsOf(schemaAt(m, m.SnapshotByID(snapshot)).Fields()), nil
}
