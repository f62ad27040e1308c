package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/changes"
	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Relations of a session in which versions are made.
const (
	heldVersions = changeSchema + ".held"    // the table's versions of the rows that change
	currentRows  = changeSchema + ".current" // the table's versions that hold
)

func (t *task) history() changes.History {
	h := changes.History{Table: changes.Table{Key: t.work.Write.Key, Columns: t.names()},
		From: compile.ValidFromColumn, To: compile.ValidToColumn, Current: compile.IsCurrentColumn}
	for _, f := range t.given() {
		if !strings.HasPrefix(f.Name, "_etl_") && !slices.Contains(h.Key, f.Name) && f.Name != t.work.Write.ValidFrom {
			h.Compared = append(h.Compared, f.Name)
		}
	}
	return h
}

// instant is the run's, as SQL.
func (t *task) instant() string { return fmt.Sprintf("make_timestamptz(%d)", t.started.UnixMicro()) }

// since is since when a row's version holds.
func (t *task) since() string {
	var others []string
	for _, name := range []string{sdk.CommittedAtColumn, "_etl_loaded_at"} {
		if f, ok := t.columns.Lookup(name); ok && f.Type.Kind == coltype.Timestamptz {
			others = append(others, dialect.Ident(name))
		}
	}
	return changes.Since(t.work.Write.ValidFrom, t.timeType(), append(others, t.instant()))
}

func (t *task) timeType() coltype.Type {
	f, _ := t.columns.Lookup(compile.ValidFromColumn)
	return f.Type
}

// writeHistory makes versions of the rows.
func (t *task) writeHistory(ctx context.Context, anew bool) error {
	h := t.history()
	if !anew {
		if _, err := t.keep(ctx, currentRows, "SELECT * FROM "+changeOld+" WHERE "+dialect.Ident(h.Current)); err != nil {
			return err
		}
	}
	events, keys, err := t.events(ctx, h, anew)
	if err != nil {
		return err
	}
	if anew {
		return t.replaceAll(ctx, h.Versions(events))
	}
	if _, err := t.keep(ctx, changeKeys, "SELECT DISTINCT * FROM ("+keys+")"); err != nil {
		return err
	}
	if !t.rowsAre(compile.VersionRows) { // their events are all there are
		held := "SELECT q.* FROM " + changeOld + " AS q SEMI JOIN " + changeKeys + " AS k ON " + matching(quotedNames(h.Key))
		if _, err := t.keep(ctx, heldVersions, held); err != nil {
			return err
		}
		events = "SELECT q.* FROM (" + events + ") AS q SEMI JOIN " + changeKeys + " AS k ON " + matching(quotedNames(h.Key)) +
			" UNION ALL BY NAME " + h.Held(heldVersions)
	}
	return t.replaceRows(ctx, h.Versions(events), "SELECT * FROM "+changeKeys)
}

// events are what the rows do to versions, and the keys of the versions that they touch.
func (t *task) events(ctx context.Context, h changes.History, anew bool) (events, keys string, err error) {
	switch {
	case t.rowsAre(compile.ChangeRows):
		if err := t.refuseTwice(ctx, h.Twice(changeRows)); err != nil {
			return "", "", err
		}
		current := ""
		if !anew {
			current = currentRows
		}
		f, err := t.changeFacts(ctx)
		if err != nil {
			return "", "", err
		}
		keys = h.Keys(changeRows) + " WHERE " + dialect.Ident(sdk.OpColumn) + " <> " + dialect.Text(sdk.Truncate)
		if f.truncated != "" && !anew {
			keys += " UNION ALL " + h.Keys(currentRows)
		}
		return h.Changed(changeRows, t.since(), current), keys, nil
	case t.rowsAre(compile.VersionRows):
		return h.Appended(changeRows, t.since(), t.orderOfVersions()), h.Keys(changeRows), nil
	}
	if err := t.refuseTwice(ctx, h.Keys(changeRows)+" GROUP BY ALL HAVING count(*) > 1"); err != nil {
		return "", "", err
	}
	if anew {
		return h.Appended(changeRows, t.since(), nil), "", nil
	}
	return h.State(changeRows, t.since(), currentRows, changes.Since("", t.timeType(), []string{t.instant()})), h.Moved(changeRows, currentRows), nil
}

// orderOfVersions tells versions of one time apart: by when they were loaded, by the place in what was loaded as far as rows
// have one, and else by all that they hold.
func (t *task) orderOfVersions() []string {
	order := quotedNames(append([]string{"_etl_loaded_at"}, t.work.Query.Order...))
	for _, f := range t.given() {
		if f.Name != "_etl_loaded_at" {
			order = append(order, "CAST("+dialect.Ident(f.Name)+" AS VARCHAR)")
		}
	}
	return order
}
