package sdk

import (
	"context"
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Follower is a Provider whose sources can be followed change by change (mode delta). Its sources keep something for each
// reader, a replication slot say, which these calls create, advance and drop; a provider whose source keeps nothing (a
// binary log that every reader may read) returns no diagnostics and does nothing.
//
// What is kept belongs to one source block of one project in one lakehouse: its name is derived from Config.Project,
// Config.Address and Config.Lakehouse, so that every call finds it again without any other state, and nobody else's: a
// developer's lakehouse and that of production are of one project. Each call may be repeated, after a crash too.
type Follower interface {
	Provider
	// Prepare creates what following needs, or finds it. It comes before the first Read of a source; Plan has said what
	// it will create (PlanResponse.Creates).
	Prepare(ctx context.Context, cfg Config) Diagnostics
	// Acknowledge tells the source that everything up to the cursor is committed: the least cursor of all the tables that
	// read it. It never goes back, and an older cursor than before is no mistake. Which cursor is the least the host takes
	// from their JSON, where a source keeps something: of the members that both have, the first that is another text or another
	// number in each decides. So a number that grows or a text of fixed width comes before all else that changes, and what
	// only some cursors have does no harm.
	Acknowledge(ctx context.Context, cfg Config, cursor map[string][]byte) Diagnostics
	// Release drops what Prepare created. The source's last table is gone, or a run that prepared it ended before its first
	// commit and no table is to read it: then perhaps nothing is there.
	Release(ctx context.Context, cfg Config) Diagnostics
}

// Operations of a change row, in its _etl_op.
const (
	Insert = "insert"
	Update = "update"
	Delete = "delete"
	// Truncate says that every row before it is gone; its other columns are null. The snapshot that a table starts from,
	// and each one after it, begins with one.
	Truncate = "truncate"
)

// Names of the columns that a change row has besides the source's own.
const (
	OpColumn          = "_etl_op"
	PositionColumn    = "_etl_position"
	CommittedAtColumn = "_etl_committed_at"
	UnchangedColumn   = "_etl_unchanged"
)

// ChangeColumns follow the source's own columns in every batch of a delta Read, in this order.
//
// A position is text that sorts as the changes happened: no two rows of a source have the same. An update that changes
// the key is two rows, the delete of the old key and right after it the insert of the new one. A row of a snapshot is an
// insert.
//
// _etl_unchanged lists the columns whose value the source didn't tell since it is the one from before (PostgreSQL's
// unchanged TOAST values); those columns are null in the batch. The host puts the value in, from the row of the same key
// before it, or for an insert from the row deleted right before it. It is not stored.
func ChangeColumns() coltype.Schema {
	return coltype.Schema{
		{Name: OpColumn, Type: coltype.Of(coltype.String), Required: true},
		{Name: PositionColumn, Type: coltype.Of(coltype.String), Required: true},
		{Name: CommittedAtColumn, Type: coltype.Of(coltype.Timestamptz)},
		{Name: UnchangedColumn, Type: coltype.ListOf(coltype.Of(coltype.String))},
	}
}

// Followed are the columns of a delta Read: the source's own, none of them required since a delete may know the key alone
// and a truncate knows nothing, and ChangeColumns.
func Followed(own coltype.Schema) coltype.Schema {
	columns := slices.Clone(own)
	for i := range columns {
		columns[i].Required = false
	}
	return append(columns, ChangeColumns()...)
}

// Overlap says that an incremental Read sends rows again that an earlier one has sent: those whose Column is null or not
// below From. The host leaves out each row that the table holds already, all columns compared, as often as it holds it.
type Overlap struct {
	Column string
	From   string // in the language's text of the column's type; empty: only rows whose Column is null are sent again
}
