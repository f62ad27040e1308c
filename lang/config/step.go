package config

import (
	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Step is one transformation of a table. What could not be read of one is a hole in an expression, or zero: an
// expression is nil, a name or address empty. Among columns, one without a name stands for any number of those that could not
// be read.
type Step interface {
	Kind() string     // the block's type: filter, derive, …
	Range() hcl.Range // of the block's header
}

// Assignment is a named expression; lists of them keep the written order.
type Assignment struct {
	Name  string
	Expr  expr.Node
	Range hcl.Range // of the name
}

// Header is what every step has.
type Header struct {
	Type string
	Src  hcl.Range
}

// Kind is the block's type.
func (h Header) Kind() string { return h.Type }

// Range is the block's header.
func (h Header) Range() hcl.Range { return h.Src }

// The steps.
type (
	// Filter keeps the rows where Where is true.
	Filter struct {
		Header
		Where expr.Node
	}
	// Derive adds or replaces columns; all expressions see the step's input.
	Derive struct {
		Header
		Columns []Assignment
	}
	// Select keeps Columns in this order, or all but Except.
	Select struct {
		Header
		Columns []ColumnRef
		Except  []ColumnRef
	}
	// Rename maps new names to columns.
	Rename struct {
		Header
		Columns []Assignment
	}
	// CastTo converts columns in place.
	CastTo struct {
		Header
		Columns []ColumnType
	}
	// Dedupe keeps one row a key: the first by Keep (latest(x) is x descending, earliest(x) ascending), then by all columns.
	Dedupe struct {
		Header
		Key  []expr.Node
		Keep []SortKey
	}
	// Join joins the rows with another table; Columns are what it adds.
	Join struct {
		Header
		How     string // inner, left, full, semi, anti
		With    addr.Address
		As      string
		On      expr.Node
		Columns []Assignment
	}
	// Union appends other tables' rows, matched by column name.
	Union struct {
		Header
		With []addr.Address
	}
	// Unnest makes a row of each element of a list column; As names the element's column.
	Unnest struct {
		Header
		Column ColumnRef
		As     string
	}
	// Aggregate groups by By.
	Aggregate struct {
		Header
		By      []Assignment
		Columns []Assignment
	}
	// Window adds columns computed over partitions.
	Window struct {
		Header
		By      []expr.Node
		Order   []SortKey
		Columns []Assignment
	}
	// Session numbers runs of rows with no gap longer than Gap: As becomes a string id of key and start.
	Session struct {
		Header
		By  []expr.Node
		At  expr.Node
		Gap string // duration
		As  string
	}
	// SortBy orders the rows as written.
	SortBy struct {
		Header
		Keys []SortKey
	}
	// Unread is a step that could not be read at all: which columns there are after it isn't known.
	Unread struct {
		Header
	}
)

// ColumnRef is a column named by the user.
type ColumnRef struct {
	Name  string
	Range hcl.Range
}

// ColumnType is one entry of the step cast.
type ColumnType struct {
	Name  string
	Type  coltype.Type
	Range hcl.Range
}
