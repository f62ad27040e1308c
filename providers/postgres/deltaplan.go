package postgres

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// followed is a source that is followed, as it and the server are now.
type followed struct {
	*source
	server *slot.Server
	state  *slot.State       // of the slot; nil where there is none
	own    *slot.Publication // the publication; nil where there is none
	key    []string
	// attributes are the table's columns no later than at the server's place in the log, and recorded are those of the table
	// that reads; nil before the first read.
	attributes *catalog.Attributes
	recorded   coltype.Schema
}

// follow looks at all that following depends on. The place in the log is taken first: columns that changes up to there
// have are known by what is looked at after it.
func (o options) follow(ctx context.Context, c *session.Conn) (*followed, sdk.Diagnostics) {
	server, err := slot.LoadServer(ctx, c)
	if err != nil {
		return nil, o.diagnose(err)
	}
	f := &followed{source: &source{options: o}, server: server}
	if diags := f.checkServer(); diags.HasErrors() {
		return nil, diags
	}
	s, diags := o.survey(ctx, c)
	if diags.HasErrors() {
		return nil, diags
	}
	f.source = s
	if f.state, err = slot.Load(ctx, c, f.slot); err != nil {
		return nil, o.diagnose(err)
	}
	if f.own, err = slot.LoadPublication(ctx, c, f.publicationName(), s.relation.Schema, s.relation.Name); err != nil {
		return nil, o.diagnose(err)
	}
	if diags = append(diags, f.checkTable()...); diags.HasErrors() {
		return nil, diags
	}
	rows, unidentified := s.rowIdentity(ctx, c)
	if rows != nil {
		f.key = rows.key
	}
	for _, more := range []sdk.Diagnostics{unidentified, f.checkKey(), f.checkPublication(), f.checkSlot()} {
		diags = append(diags, more...)
	}
	return f, diags
}

func (o options) planChanges(ctx context.Context, c *session.Conn, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	var old place
	cursor := req.Cursor[""]
	if len(cursor) > 0 {
		if diags := decodeCursor(cursor, &old); diags.HasErrors() {
			return nil, diags
		}
	}
	attributes, err := catalog.LoadAttributes(ctx, c, old.Table)
	if err != nil {
		return nil, o.diagnose(err)
	}
	f, diags := o.follow(ctx, c)
	if diags.HasErrors() {
		return nil, diags
	}
	f.attributes, f.recorded = attributes, req.Columns
	response, err := f.plan(ctx, c, old, len(cursor) == 0)
	if err != nil {
		return nil, append(diags, o.diagnose(err)...)
	}
	response.Warnings = append(response.Warnings, f.untoldColumns(old)...)
	response.Warnings = append(response.Warnings, f.retypedColumns(req.Columns)...)
	if response.Resumable {
		altered, err := f.alteredColumns(ctx, c, old)
		if err != nil {
			return nil, append(diags, o.diagnose(err)...)
		}
		relabelled, err := f.relabelledColumns(ctx, c, old)
		if err != nil {
			return nil, append(diags, o.diagnose(err)...)
		}
		response.Warnings = append(append(response.Warnings, altered...), relabelled...)
	}
	return response, append(diags, f.lossy()...)
}

// smallLog is how much of the server's log a plan reads to count changes, however long that takes, and idleLog how much a table without changes
// may keep the server from removing before it is read on.
const (
	smallLog = 64 << 20
	idleLog  = 16 << 20
	longLog  = 1 << 30 // worth a warning
)

func (f *followed) plan(ctx context.Context, c *session.Conn, old place, first bool) (*sdk.PlanResponse, error) {
	until, err := encodeCursor(f.at(f.server.Now))
	if err != nil {
		return nil, err
	}
	response := &sdk.PlanResponse{
		Columns: f.natural(), Resumable: true, Changed: true, Rows: -1, Bytes: -1, Until: until, Key: f.key, Creates: f.creates(), Warnings: f.warnings(),
	}
	if first {
		rows, width, err := f.estimate(ctx, c, "")
		if err != nil {
			return nil, err
		}
		response.Snapshot, response.Rows, response.Bytes, response.AtLeast = true, rows, rows*width, true
		response.Position = fmt.Sprintf("all rows of %s, and its changes from then on", f.label())
		response.Warnings = append(response.Warnings, f.snapshotWarnings()...)
		return response, nil
	}
	if lost := f.lost(old); lost != nil {
		response.Resumable, response.Position = false, fmt.Sprintf("%s can't be followed on from %s", f.label(), old.LSN)
		response.Warnings = append(response.Warnings, *lost)
		return response, nil
	}
	return response, f.count(ctx, c, old, response)
}

// at is a place in the log as a cursor.
func (f *followed) at(where pgoutput.LSN) place {
	p := place{Version: cursorVersion, System: f.server.System, Table: f.relation.OID, LSN: where}
	if f.own != nil {
		p.Publication, p.Placed = f.own.Stamp(), f.own.Placed
	}
	p.describe(f.attributes)
	return p
}

// count says how many changes there are, where finding that out takes little time and nobody else goes on reading the slot. An idle table is read on now and then, so that the server may remove its log.
func (f *followed) count(ctx context.Context, c *session.Conn, old place, response *sdk.PlanResponse) error {
	response.Position = fmt.Sprintf("%s has changes after %s", f.label(), old.LSN)
	behind := int64(f.server.Now) - int64(old.LSN)
	if behind <= 0 {
		response.Changed, response.Rows, response.Bytes = false, 0, 0
		response.Position = fmt.Sprintf("%s has no changes after %s", f.label(), old.LSN)
		return nil
	}
	long := behind > smallLog || f.state.Retained > 2*smallLog
	rows, err := slot.Peek(ctx, c, f.slot, f.publicationName(), old.Table, old.LSN, f.server.Now, long)
	switch {
	case session.Code(err) == session.CodeObjectInUse || long && session.Code(err) == session.CodeCanceled:
		response.Rows, response.AtLeast = 0, true
		response.Position = fmt.Sprintf("%s may have changes after %s, which took too long to look for", f.label(), old.LSN)
		return nil
	case session.Code(err) == session.CodeUnknownObject:
		response.Resumable, response.Warnings = false, append(response.Warnings, f.absent(err)...)
		return nil
	case err != nil:
		return fmt.Errorf("looking for changes in the replication slot %s: %w", f.slot, err)
	}
	response.Rows, response.Bytes = rows, -1
	if rows == 0 {
		response.Bytes, response.Changed = 0, behind >= idleLog
		response.Position = fmt.Sprintf("%s has no changes after %s", f.label(), old.LSN)
		if response.Changed {
			response.Position += fmt.Sprintf(", and is read on so that the server need not keep %s of its log", bytesInWords(behind))
		}
	}
	return nil
}

// creates says what Prepare would create.
func (f *followed) creates() []string {
	var out []string
	switch {
	case f.publication != "":
	case f.own == nil:
		out = append(out, "publication "+f.slot)
	case f.gap(f.own) != nil:
		out = append(out, "publication "+f.slot+" in place of the one that doesn't tell all of "+f.label())
	}
	switch {
	case f.state == nil:
		out = append(out, "replication slot "+f.slot)
	case f.state.Lost():
		out = append(out, "replication slot "+f.slot+" in place of the one that is lost")
	}
	return out
}

// lost says why reading can't go on from where it was.
func (f *followed) lost(old place) *sdk.Diagnostic {
	say := func(summary, detail string, args ...any) *sdk.Diagnostic {
		d := sdk.Error(summary, fmt.Sprintf(detail, args...)+" Changes are missing, so that the table must be read anew: `etl apply -resnapshot`.")
		return &d
	}
	switch {
	case old.System != "" && f.server.System != "" && old.System != f.server.System:
		return say("Another server", "The table was read from another server than the connection's (system %s, now %s), whose log has other places.", old.System, f.server.System)
	case old.Table != f.relation.OID:
		return say("Another table", "%s was dropped and created again since it was read, or the name was given to another table.", f.label())
	case f.state == nil:
		return say("Replication slot gone", "The server has no replication slot %s any more; somebody dropped it, or the server was restored or replaced.", f.slot)
	case f.state.Lost():
		return say("Replication slot lost", "The replication slot %s is lost: the server kept as much of its log as max_slot_wal_keep_size allows, and then removed what was not read.", f.slot)
	case f.state.Confirmed > old.LSN:
		return say("Replication slot too far", "The replication slot %s stands at %s, and the table's rows at %s: it was rolled back, or somebody advanced the slot.", f.slot, f.state.Confirmed, old.LSN)
	case f.own == nil && f.publication == "":
		return say("Publication gone", "The server has no publication %s any more.", f.slot)
	case f.own == nil:
		return f.renumbered(old)
	}
	if g := f.gap(f.own); g != nil {
		return say(g.summary, "%s", g.what)
	}
	if old.Publication != "" && old.Publication != f.own.Stamp() {
		return say("Publication changed", "%s", f.rewritten())
	}
	if old.moved(f.own) {
		return say("Table moved between schemas", "%s", f.away())
	}
	return f.renumbered(old)
}

func (f *followed) warnings() sdk.Diagnostics {
	if f.state == nil || f.state.Lost() || f.state.Retained < longLog && f.state.WALStatus != "unreserved" {
		return nil
	}
	detail := fmt.Sprintf("The server keeps %s of its log for the replication slot %s. Read the source more often, or, if it is no longer read, drop its tables.",
		bytesInWords(f.state.Retained), f.slot)
	if f.state.WALStatus == "unreserved" {
		detail += " That is more than max_slot_wal_keep_size allows: at its next checkpoint the server may remove what was not read."
	}
	return sdk.Diagnostics{sdk.Warning("Log kept at the server", detail)}
}

func bytesInWords(n int64) string {
	if n >= 1<<30 {
		return fmt.Sprintf("%.1f GB", float64(n)/(1<<30))
	}
	return fmt.Sprintf("%d MB", n>>20)
}
