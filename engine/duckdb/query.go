package duckdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/lang/addr"
)

// Query is what the text of a query says of itself.
type Query struct {
	Text string
	// Tables are all places where a table is named, in the order of the text.
	Tables []TableRef
	// Volatile are the calls that may give something else each time.
	Volatile []Call
	// Instants are the calls that ask for the current time; At replaces them.
	Instants []Call
}

// TableRef is a place in a query that names a table.
type TableRef struct {
	Ident  addr.Ident
	Offset int // byte of the query
	Length int
}

// Call is a place in a query that calls a function.
type Call struct {
	Name   string
	Offset int // byte of the query, -1 unknown
	Length int
}

// Parse reads a query's syntax tree. It refuses what is not a single SELECT, what reads files or the network or looks into
// the engine, and tables without their layer; all such mistakes are in the error, each a *SQLError (see Mistakes).
func (e *Engine) Parse(ctx context.Context, query string) (*Query, error) {
	tree, err := serialize(ctx, e.db, query)
	if ctxErr := ctx.Err(); ctxErr != nil {
		return nil, fmt.Errorf("parsing SQL was interrupted: %w", ctxErr)
	}
	if err != nil {
		return nil, err
	}
	w := walker{query: &Query{Text: query}}
	w.walk(tree, nil)
	byOffset := func(a, b Call) int { return cmp.Compare(a.Offset, b.Offset) }
	slices.SortStableFunc(w.query.Tables, func(a, b TableRef) int { return cmp.Compare(a.Offset, b.Offset) })
	slices.SortStableFunc(w.query.Volatile, byOffset)
	slices.SortStableFunc(w.query.Instants, byOffset)
	slices.SortStableFunc(w.mistakes, func(a, b *SQLError) int { return cmp.Compare(a.Offset, b.Offset) })
	if len(w.mistakes) == 0 {
		return w.query, nil
	}
	all := make([]error, len(w.mistakes))
	for i, mistake := range w.mistakes {
		all[i] = mistake
	}
	return nil, errors.Join(all...)
}

// TableNames are the tables that a query reads: every place that names one.
func (e *Engine) TableNames(ctx context.Context, query string) ([]TableRef, error) {
	q, err := e.Parse(ctx, query)
	if err != nil {
		return nil, err
	}
	return q.Tables, nil
}

// Mistakes takes the error of Parse, Describe or a query apart.
func Mistakes(err error) []*SQLError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*SQLError
		for _, one := range joined.Unwrap() {
			all = append(all, Mistakes(one)...)
		}
		return all
	}
	var mistake *SQLError
	if errors.As(err, &mistake) {
		return []*SQLError{mistake}
	}
	return nil
}

// scope is the common table expressions that a name may mean, innermost first.
type scope struct {
	name  string // in lower case
	outer *scope
}

func (s *scope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == strings.ToLower(name) {
			return true
		}
	}
	return false
}

func (s *scope) with(name string) *scope { return &scope{name: strings.ToLower(name), outer: s} }

// walker goes through a syntax tree and keeps what it finds.
type walker struct {
	query    *Query
	mistakes []*SQLError
}

func (w *walker) refuse(offset int, detail string) {
	w.mistakes = append(w.mistakes, refused(offset, detail))
}

func (w *walker) walk(value any, names *scope) {
	switch value := value.(type) {
	case []any:
		for _, item := range value {
			w.walk(item, names)
		}
	case map[string]any:
		w.node(value, names)
	case node:
		w.node(value, names)
	}
}

func (w *walker) node(n node, names *scope) {
	names = w.withs(n, names)
	switch n.text("type") {
	case "BASE_TABLE":
		w.table(n, names)
	case "TABLE_FUNCTION":
		w.tableFunction(n.child("function"))
		w.walk(n.child("function")["children"], names)
		return
	case "SHOW_REF":
		w.refuse(n.location(), "DESCRIBE, SHOW and SUMMARIZE look at tables rather than give rows. Write a SELECT.")
	case "FUNCTION":
		w.function(n)
	case "COLUMN_REF":
		w.column(n)
	}
	if n.text("class") == "WINDOW" {
		w.function(n)
	}
	if sample := n.child("sample"); sample != nil {
		w.query.Volatile = append(w.query.Volatile, Call{Name: "sample", Offset: n.location()})
	}
	recursive := n.text("type") == "RECURSIVE_CTE_NODE"
	for _, key := range n.keys() {
		switch {
		case key == "cte_map":
		case recursive && key == "right":
			w.walk(n[key], names.with(n.text("cte_name")))
		default:
			w.walk(n[key], names)
		}
	}
}

// withs goes through the common table expressions of a query, each of which sees those before it, and gives the scope of
// the query itself.
func (w *walker) withs(n node, names *scope) *scope {
	list, _ := n.child("cte_map")["map"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		w.walk(entry["value"], names)
		names = names.with(node(entry).text("key"))
	}
	return names
}

func (w *walker) table(n node, names *scope) {
	ident := addr.Ident{Namespace: n.text("schema_name"), Name: n.text("table_name")}
	offset := n.location()
	switch {
	case n.text("catalog_name") != "":
		w.refuse(offset, fmt.Sprintf("%q has three parts. A table is named by its layer and its name, as in silver.orders.", n.text("catalog_name")+"."+ident.String()))
	case n.child("at_clause") != nil:
		w.refuse(offset, "A query reads the tables as they are now; AT (VERSION …) and AT (TIMESTAMP …) can't be used here.")
	case ident.Namespace == "recurring" && names.has(ident.Name):
	case ident.Namespace == "" && names.has(ident.Name):
	case ident.Namespace == "":
		w.refuse(offset, unqualified(ident.Name))
	default:
		w.query.Tables = append(w.query.Tables, TableRef{Ident: ident, Offset: offset, Length: w.nameLength(offset)})
	}
}

func unqualified(name string) string {
	if strings.ContainsAny(name, "/.*\\") {
		return fmt.Sprintf("%q looks like a file. SQL can't read files: declare a source for it and a bronze table that loads it, and name that table.", name)
	}
	return fmt.Sprintf("The table %q has no layer. Name a table by its layer and its name, as in silver.%s.", name, name)
}

// nameLength is the length of the dotted name at a byte of the query.
func (w *walker) nameLength(offset int) int {
	if offset < 0 || offset >= len(w.query.Text) {
		return 0
	}
	end, wantName := offset, true
	for at := offset; at < len(w.query.Text); {
		next, kind := token(w.query.Text, at)
		isName := kind == tokenWord || kind == tokenQuoted
		switch {
		case kind == tokenSpace:
		case wantName && isName:
			end, wantName = next, false
		case !wantName && kind == tokenOther && w.query.Text[at] == '.':
			wantName = true
		default:
			return end - offset
		}
		at = next
	}
	return end - offset
}
