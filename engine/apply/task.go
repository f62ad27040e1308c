package apply

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
	"github.com/automic-etl/etl/state/failpoint"
)

// task is the work on one table.
type task struct {
	*run
	plan    *plan.Table
	work    *plan.Work
	outcome *Outcome
	log     *slog.Logger

	base    *state.Table   // what the commit is pinned to; nil: the table is new
	columns coltype.Schema // with field ids
	dir     string         // where new files are staged
	commit  string         // the commit's id
	tried   bool           // the commit was tried
	session *duckdb.Session
	staged  staged
	// outgoing is a query of the keys whose rows go, where those are others than the keys of the rows that come.
	outgoing string
	// changed are the inputs that were not only added to.
	changed map[addr.Ident]changedFiles
	// own says that queries are made of relations of the engine's, no more of the user's SQL.
	own bool
}

// staged is what the commit will publish.
type staged struct {
	operation state.Operation
	add       []state.StagedFile
	remove    []state.DataFile
	delete    []state.StagedDeletes
	bad       *badRows
	cursor    map[string][]byte
	inputs    []state.Input
	highest   string     // the highest position of changes that were read
	keeps     []string   // what the source keeps for the table
	keys      [][]string // what identifies a row in its changes
}

// do writes, audits and publishes.
func (t *task) do(ctx context.Context) (err error) {
	t.base = t.published.get(t.plan.Ident)
	if t.work.Kind == plan.DropWork {
		return t.drop(ctx)
	}
	if err := t.prepare(ctx); err != nil {
		return err
	}
	defer func() {
		t.close()
		if err != nil {
			t.discard()
		}
	}()
	failpoint.Hit(failpoint.WriteBefore)
	if err := t.write(ctx); err != nil {
		return err
	}
	failpoint.Hit(failpoint.WriteAfter)
	failpoint.Hit(failpoint.AuditBefore)
	if err := t.audit(ctx); err != nil {
		return err
	}
	failpoint.Hit(failpoint.AuditAfter)
	if !t.work.Commits() {
		return nil
	}
	if err := t.leaveKnownBad(ctx); err != nil {
		return err
	}
	t.noteReferenced()
	if t.nothingNew() {
		t.outcome.Rows.Written = 0
		t.discard()
		return nil
	}
	return t.publish(ctx)
}

func (t *task) prepare(ctx context.Context) error {
	t.commit = t.id + "/" + t.plan.Ident.String()
	t.staged.bad = &badRows{limit: t.work.MaxBadRows}
	columns, err := state.AssignIDs(t.base, t.work.Columns)
	if err != nil {
		return fmt.Errorf("giving field ids to the columns of %s: %w", t.plan.Ident, err)
	}
	t.columns = columns
	if t.work.Kind == plan.CheckWork {
		t.session, err = t.Compute.Session(ctx)
		return err
	}
	if t.dir, err = t.Lakehouse.StagePath(ctx, t.plan.Ident, t.base, t.id); err != nil {
		return fmt.Errorf("making the folder for new files of %s: %w", t.plan.Ident, err)
	}
	t.session, err = t.Compute.Session(ctx)
	return err
}

func (t *task) close() {
	t.session.Close()
	t.staged.bad.close()
}

// write stages the new rows.
func (t *task) write(ctx context.Context) error {
	switch t.work.Kind {
	case plan.LoadWork:
		return t.load(ctx)
	case plan.QueryWork:
		return t.query(ctx)
	}
	t.staged.operation = state.Empty
	return t.carryState()
}

// carryState keeps what the last commit recorded of cursor and inputs, where rows don't change.
func (t *task) carryState() error {
	if t.base == nil {
		return fmt.Errorf("this is a bug in etl: %s has no rows to describe", t.plan.Ident)
	}
	t.staged.cursor, t.staged.inputs = t.base.Summary.Cursor, slices.Clone(t.base.Summary.Inputs)
	t.staged.highest, t.staged.keeps, t.staged.keys = t.base.Summary.Highest, t.base.Summary.Keeps, t.base.Summary.Keys
	return nil
}

// publish commits the quarantine and then the table.
func (t *task) publish(ctx context.Context) error {
	if err := t.lease.Check(ctx); err != nil {
		return fmt.Errorf("before publishing %s: %w", t.plan.Ident, err)
	}
	// From here on Ctrl-C waits: a commit in hand is finished.
	ctx = context.WithoutCancel(ctx)
	if err := t.publishBad(ctx); err != nil {
		return err
	}
	t.tried = true
	committed, err := t.Lakehouse.Commit(ctx, t.change())
	if err != nil {
		return err
	}
	t.published.set(committed)
	t.outcome.Snapshot = committed.Main
	return nil
}

func (t *task) change() state.Change {
	c := state.Change{Ident: t.plan.Ident, Base: t.base, Columns: t.columns, Partition: t.work.Partition, Sort: t.work.Sort,
		Operation: t.staged.operation, Add: t.staged.add, Remove: t.staged.remove, Delete: t.staged.delete,
		Address: t.plan.Address, Definition: t.work.Definition, MetaHash: t.work.MetaHash}
	c.Summary = state.Summary{CommitID: t.commit, RunID: t.id, PlanID: t.planID, HashVersion: plan.HashVersion, DataHash: t.work.DataHash,
		Cursor: t.staged.cursor, Inputs: t.staged.inputs, Highest: t.staged.highest, Keeps: t.staged.keeps, Keys: t.staged.keys, RowsRead: t.outcome.Rows.Read, RowsWritten: t.outcome.Rows.Written,
		RowsBad: t.outcome.Rows.Bad, Mode: t.work.Compute, Checks: t.checked(), Quarantine: t.badNow(), At: time.Now().UTC()}
	if l := t.work.Load; l != nil {
		c.Summary.Fingerprint, c.Summary.Position = l.Fingerprint, l.Position
	} else if t.base != nil && (t.work.Kind == plan.MetadataWork || t.work.Kind == plan.CheckWork) {
		c.Summary.Fingerprint, c.Summary.Position = t.base.Summary.Fingerprint, t.base.Summary.Position
	}
	return c
}

func (t *task) drop(ctx context.Context) error {
	if err := t.lease.Check(ctx); err != nil {
		return fmt.Errorf("before dropping %s: %w", t.plan.Ident, err)
	}
	return t.Lakehouse.DropPinned(context.WithoutCancel(ctx), t.base, true)
}
