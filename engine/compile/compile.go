// Package compile turns a table's steps into one SQL query, and its checks into conditions, typed before any row is
// read. It also says which part of the query new rows need: all of it, their own rows, or the keys they touch.
package compile

import (
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Input is a table that can be read.
type Input struct {
	Ident   addr.Ident
	Columns coltype.Schema
	// Open says that it may have other columns too, as a mistake keeps them from being known; Surplus that it may lack some of
	// Columns.
	Open, Surplus bool
	// Changes says that its rows are changes; Key what identifies a row, where that is known.
	Changes bool
	Key     []string
	// Identity are columns by which its rows are found again where it tells which of them changed; rows may have them in common.
	Identity []string
	// Appended says that rows are only ever added to it, each a version of a row.
	Appended bool
}

// Inputs are the tables that a table names, by address.
type Inputs map[addr.Address]Input

// Schemas of the views that the engine binds next to the lakehouse's own.
const (
	// NewSchema has a view for each driver, named as its table, with its new rows only, or with those that were changed or removed too.
	NewSchema = "etl_new"
	// KeysSchema and KeysTable name the table with the result of Incremental.KeysQuery.
	KeysSchema = "etl_keys"
	KeysTable  = "keys"
)

// Compiled is a table's query.
type Compiled struct {
	// Query gives exactly Rows, in this order and of these types, and then Order. It reads views named as the tables.
	Query string
	// Columns are the table's. They have no field ids.
	Columns coltype.Schema
	// Rows are the columns of Query: Columns without those that writing computes.
	Rows coltype.Schema
	// Order are columns of Query that tell which of several versions of one row came first, as far as their rows tell it.
	Order []string
	// Kind says what a row of Query is.
	Kind RowKind
	// Key is what identifies a row, where Kind is ChangeRows and it is known.
	Key []string
	// Driving is the table whose rows the steps transform; the zero address for SQL.
	Driving addr.Address
	// Sides are the joined tables, in the order they are named.
	Sides       []addr.Address
	RowWise     bool
	Incremental Incremental
	// Now is true where the query depends on the run's instant: At puts it in.
	Now bool
}

// At puts the run's instant into a statement of this package. Every statement must pass through it: one that asks for
// the time and didn't fails.
func At(sql string, now time.Time) string { return ducksql.At(sql, now) }

// Table compiles the steps of a table that reads another table.
func Table(t *config.Table, inputs Inputs) (*Compiled, hcl.Diagnostics) {
	b := newBuilder(t, inputs)
	if b.source() {
		for i, step := range t.Steps {
			b.step(i, step)
		}
	}
	if !b.diags.HasErrors() {
		if c := b.finish(); c != nil {
			return c, diag.Unique(b.diags)
		}
	}
	return nil, diag.Unique(b.diags)
}
