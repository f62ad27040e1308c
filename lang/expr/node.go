// Package expr is expressions over columns: HCL syntax parsed to a small tree, printed canonically for plans and
// hashes, and bound to a schema for types. Compute engines render the bound tree to their SQL.
package expr

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Node is an expression as written, with variables, locals, each and user functions already replaced. Its String is
// canonical: equal for two expressions that differ only in layout, comments or redundant parentheses.
type Node interface {
	String() string
	Range() hcl.Range
}

// Column is a reference to a column, to a joined table's column, or into a struct: Path has the names in order.
type Column struct {
	Path []string
	Src  hcl.Range
	// local numbers the variable of a `for` that this is; 0 for columns.
	local int
}

// Literal is a value known at plan: a string, number, bool or bare null.
type Literal struct {
	Value cty.Value
	Src   hcl.Range
}

// Call is a function or operator: operators are named as written (`+`, `==`, `&&`, `!`, `-` with one argument), the
// conditional is `?:`, a template `concat`, an index `[]`, a list constructor `[...]`.
type Call struct {
	Name string
	Args []Node
	Src  hcl.Range // of the whole call
	Op   hcl.Range // of the name or operator alone
}

// Cast is cast(x, type) and try_cast(x, type).
type Cast struct {
	Arg  Node
	Type coltype.Type
	Try  bool
	Src  hcl.Range
}

// Typed is a node bound to a scope: column references resolved, every node with its type. Implicit conversions have
// become Cast nodes.
type Typed struct {
	Node Node         // Column, Literal, Call or Cast, children replaced by Args
	Type coltype.Type // Unknown for a bare null
	Args []*Typed
	// Column is set for resolved columns: Relation is the input's name in the step ("" for the step's own input), Name
	// the column, Fields the path into its structs.
	Relation string
	Name     string
	Fields   []string
	// Local is true for the variable of a `for`, which Name is.
	Local bool
	// Aggregate is true where the node contains an aggregate call, Window where it contains a window function.
	Aggregate bool
	Window    bool
}

// Relation is a named input of a step, the first of a Scope being the step's own input (named "" and by its table).
type Relation struct {
	Name    string
	Columns coltype.Schema
	// Hidden columns may be named but are not part of the output unless selected.
	Hidden map[string]bool
	// Open says that it may have columns beyond Columns, since what makes them has a mistake or isn't known: a name that
	// isn't among Columns is no mistake, and what uses it has no type.
	Open bool
}

// Scope is what names mean.
type Scope struct {
	Relations []Relation
	// Aggregates and Windows say whether such calls are allowed here.
	Aggregates bool
	Windows    bool
	// Where says what the expression belongs to, for messages: `step filter of table.silver.orders`.
	Where string
}
