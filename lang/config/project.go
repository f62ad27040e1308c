// Package config is the typed configuration: what the files of a project say, decoded, with every mistake reported.
package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Project is a folder's configuration after both passes. All lists are sorted by address. Where there are mistakes, it is
// what could be read, so that other mistakes can be found.
type Project struct {
	Name        string // owner of its tables
	Dir         string
	Lakehouse   Lakehouse
	Connections []*Connection
	Sources     []*Source
	Tables      []*Table // instances, for_each expanded
	// Nameless are tables that are only checked: second blocks of one address, and instances whose keys aren't known.
	Nameless []*Table
	Outputs  []Output
	Files    map[string]*hcl.File // for printing diagnostics
	// Sensitive lists the string values that must never be printed, longest first.
	Sensitive []string
	// lost are words of headers that could not be read; blind says that whole files could not be.
	lost  []string
	blind bool
}

// MayDeclare says whether a table may be declared in what could not be read.
func (p *Project) MayDeclare(i addr.Ident) bool { return p.mayDeclare(i.Name) }

// mayDeclare says whether something of a name may be declared in what could not be read, so that it isn't unknown.
func (p *Project) mayDeclare(name string) bool { return p.blind || slices.Contains(p.lost, name) }

// Lakehouse says where state and data live.
type Lakehouse struct {
	Declared    bool
	CatalogPath string // SQLite file
	Warehouse   string // absolute folder
	MemoryLimit string // of compute "duckdb"; empty: default
	Threads     int    // of compute "duckdb"; 0: default
	Range       hcl.Range
	// Partial says that something of the block could not be read: where state and data live isn't known.
	Partial bool
}

// Connection is a decoded `connection` block.
type Connection struct {
	Addr   addr.Address
	Config cty.Value
	Range  hcl.Range
	// definition is the row-changing part: it belongs to the definition of each source that reads through it.
	definition []Item
}

// Source is a decoded `source` block.
type Source struct {
	Addr       addr.Address
	Provider   string // plugin name
	Connection *addr.Address
	Mode       string    // batch, incremental, delta
	Config     cty.Value // of the type that the provider's schema implies; may carry sensitive marks
	Extract    cty.Value
	Range      hcl.Range // of the header
	// Attributes are the ranges of the attributes, by dotted path, for the provider's diagnostics.
	Attributes map[string]hcl.Range
	// Definition is the row-changing part of the source: it belongs to the definition of each table that loads it.
	Definition []Item
	// Contested says that another block has the same address.
	Contested bool
}

// Output is a decoded `output` block.
type Output struct {
	Addr  addr.Address
	Value cty.Value
	Doc   string
	// Sensitive outputs are listed without their value.
	Sensitive bool
}

// Table is one table instance.
type Table struct {
	Addr           addr.Address
	Ident          addr.Ident
	Doc            string
	Tags           map[string]string
	From           *addr.Address // a source or a table; nil with SQL
	Steps          []Step
	SQL            *SQL
	Write          Write
	Partition      []Transform
	Sort           []SortKey
	Columns        []ColumnDecl
	Expects        []Expect
	MaxBadRows     int64  // a run; default 1,000
	OnSchemaChange string // evolve, freeze, ignore
	RefreshAlways  bool
	PreventDestroy bool
	Range          hcl.Range // of the header
	// Attributes are the ranges of the attributes, by the path of their Definition item.
	Attributes map[string]hcl.Range
	Definition Definition
	// Partial says that something of it could not be read, for a mistake or since validate doesn't know a value. Such a
	// table is checked as far as it goes, and never planned.
	Partial bool
	// Contested says that another block has the same address or name: which columns its readers see isn't known.
	Contested bool
}

// Definition is the canonical form of a table: what is hashed, recorded, and compared for the plan.
type Definition struct {
	Data []Item `json:"data"` // changes rows
	Meta []Item `json:"meta"` // does not
}

// Item is one attribute of a definition: Path like `steps[1].derive.amount`, Value in canonical spelling.
type Item struct {
	Path  string `json:"path"`
	Value string `json:"value"`
}

// SQL is the text of `sql` with what is needed to point into it.
type SQL struct {
	Text string
	// At maps a byte offset of Text to the file position it came from.
	At       func(offset int) hcl.Pos
	Filename string
	Range    hcl.Range
	// Holes says that NULL stands in Text for values that aren't known.
	Holes bool
}

// Transform is a field of `partition_by`.
type Transform struct {
	Name   string // identity, year, month, day, hour, bucket, truncate
	Arg    int    // of bucket and truncate
	Column string
	Range  hcl.Range
}

// SortKey is a field of `sort_by` or of the step sort.
type SortKey struct {
	Expr expr.Node
	Desc bool
}

// ColumnDecl is a `column` block: documentation and contract.
type ColumnDecl struct {
	Name     string
	Doc      string
	Type     *coltype.Type
	Required bool
	Tags     map[string]string
	Range    hcl.Range
}

// Write is a table's `write` block, or its layer's default.
type Write struct {
	Mode     string // replace, append, merge, history, partitions
	Default  bool   // not written by the user
	Key      []string
	By       []string // partitions
	Lookback string   // partitions: duration
	// Deletes is what a merge does with rows that were deleted at the source: hard, soft.
	Deletes string
	// ValidFrom is the column that says since when a version of a history holds; empty: when it came to be.
	ValidFrom string
	Range     hcl.Range
	Places    Places // of Key and By
}

// Places are where columns are named.
type Places map[string]hcl.Range

func places(refs []ColumnRef) Places {
	p := make(Places, len(refs))
	for _, ref := range refs {
		p[ref.Name] = ref.Range
	}
	return p
}

// Of is where a column is named, or else a range around it.
func (p Places) Of(name string, around hcl.Range) hcl.Range {
	if at, ok := p[name]; ok {
		return at
	}
	return around
}

// Expect is a check.
type Expect struct {
	Action     string // warn, drop, quarantine, fail
	Name       string
	That       expr.Node
	Unique     []string
	NotNull    []string
	References []Reference
	Table      expr.Node // an aggregate over the table
	Range      hcl.Range
	Places     Places // of Unique and NotNull
}

// Reference is one entry of an expect's `references`.
type Reference struct {
	Column string
	Table  addr.Address
	To     string
	Range  hcl.Range
}
