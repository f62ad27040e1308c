package duckdb

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
)

// Partitioning is what a query over one table says of how that table's rows decide over partitions of its result.
type Partitioning struct {
	// Keys is a query of the partitions that rows of the table decide over, with the columns k0, k1, … It gives no partition
	// too few, and may give some too many. It is empty where a row can decide over any partition.
	Keys string
	// Why says what makes it so.
	Why string
}

// Partitioning reads from a query's syntax tree whether each row of a table decides over one partition of the result alone. by
// are the result's columns that tell partitions apart, columns those of the table, which must be bound. What it can't follow
// counts as deciding over everything.
func (s *Session) Partitioning(ctx context.Context, query string, by []string, table addr.Ident, columns []string) (*Partitioning, error) {
	tree, err := serialize(ctx, s.conn, query)
	if err != nil {
		return nil, err
	}
	w := walker{query: &Query{Text: query}}
	if w.walk(tree, nil); len(w.query.Instants) > 0 {
		return &Partitioning{Why: "it asks for the current time"}, nil
	}
	l := &locality{by: by, table: table, columns: lowered(columns), scalars: map[string]bool{}}
	if err := s.scalars(ctx, l.scalars); err != nil {
		return nil, err
	}
	wanted := make([]node, len(by))
	for i, name := range by {
		wanted[i] = reference(name)
	}
	var crossing *crossingError
	if err := l.query(tree, nil, wanted); errors.As(err, &crossing) {
		return &Partitioning{Why: crossing.why}, nil
	}
	return s.keys(ctx, l)
}

// crossingError says why rows of one partition may depend on those of others.
type crossingError struct{ why string }

func (e *crossingError) Error() string { return e.why }

func crossing(format string, args ...any) error {
	return &crossingError{why: fmt.Sprintf(format, args...)}
}

func lost() error {
	return crossing("where the values of its partitions come from can't be followed through the SQL")
}

// locality follows the partition columns of a result down to the rows of a table.
type locality struct {
	by      []string
	table   addr.Ident
	columns []string        // of the table
	scalars map[string]bool // functions of one row's values alone, which give the same every time
	keys    []node          // SELECTs of the partitions, one for each place where rows are read
}

// scalars are the functions that give the same for the same arguments, and see nothing else.
func (s *Session) scalars(ctx context.Context, into map[string]bool) error {
	query := "SELECT function_name FROM duckdb_functions() GROUP BY function_name HAVING bool_and(function_type = 'scalar' AND stability = 'CONSISTENT')"
	return s.each(ctx, query, nil, func(rows *sql.Rows) error {
		var name string
		if err := rows.Scan(&name); err != nil {
			return fmt.Errorf("reading the engine's functions: %w", err)
		}
		into[name] = true
		return nil
	})
}

// keys makes SQL of the SELECTs that were found, and tries it.
func (s *Session) keys(ctx context.Context, l *locality) (*Partitioning, error) {
	parts := make([]string, len(l.keys))
	for i, key := range l.keys {
		tree, err := json.Marshal(map[string]any{"error": false, "statements": []any{map[string]any{"node": key, "named_param_map": []any{}}}})
		if err != nil {
			return nil, fmt.Errorf("writing DuckDB's syntax tree: %w", err)
		}
		if err := s.one(ctx, "SELECT json_deserialize_sql("+dialect.Text(string(tree))+"::JSON)", nil, &parts[i]); err != nil {
			return nil, fmt.Errorf("writing SQL from its syntax tree: %w", err)
		}
	}
	keys := strings.Join(parts, "\nUNION\n")
	if columns, err := s.Describe(ctx, keys); err != nil || len(columns) != len(l.by) {
		if ctx.Err() != nil {
			return nil, err
		}
		return &Partitioning{Why: lost().Error()}, nil
	}
	return &Partitioning{Keys: keys}, nil
}

func (l *locality) names() string { return strings.Join(l.by, ", ") }

// query follows expressions over a query's output. They are those of the partition columns, one each.
func (l *locality) query(n node, names *ctes, wanted []node) error {
	names = names.of(n)
	modifiers, _ := n["modifiers"].([]any)
	for _, m := range modifiers {
		if modifier, _ := m.(map[string]any); strings.HasPrefix(node(modifier).text("type"), "LIMIT") {
			return crossing("LIMIT and OFFSET pick among the rows of all partitions")
		}
	}
	switch n.text("type") {
	case "SELECT_NODE":
		return l.selection(n, names, wanted)
	case "SET_OPERATION_NODE":
		return l.setOperation(n, names, wanted)
	}
	return recursive()
}

func recursive() error { return crossing("its rows are computed from each other by recursion") }

// setOperation follows both sides: equal rows are of one partition, so they are united or taken away within it.
func (l *locality) setOperation(n node, names *ctes, wanted []node) error {
	left, right := n.child("left"), n.child("right")
	if err := l.query(left, names, wanted); err != nil {
		return err
	}
	if strings.HasSuffix(n.text("setop_type"), "BY_NAME") {
		return l.query(right, names, wanted)
	}
	from, to := l.outputs(left, names), l.outputs(right, names)
	there := make([]node, len(wanted))
	for i, e := range wanted {
		var err error
		if there[i], err = renamed(e, from, to); err != nil {
			return err
		}
	}
	return l.query(right, names, there)
}

// selection follows expressions through one SELECT, and looks whether it computes any row from those of several partitions.
func (l *locality) selection(n node, names *ctes, wanted []node) error {
	from, err := l.from(n.child("from_table"), names)
	if err != nil {
		return err
	}
	s := &selection{locality: l, node: n, from: from}
	keys := make([]node, len(wanted))
	for i, e := range wanted {
		if keys[i], err = s.inner(e); err != nil {
			return err
		}
	}
	if err := s.within(keys); err != nil {
		return err
	}
	if from.query == nil {
		l.keys = append(l.keys, s.distinct(keys))
		return nil
	}
	for i, key := range keys {
		if keys[i], err = from.below(key); err != nil {
			return err
		}
	}
	return l.query(from.query, from.names, keys)
}

// ctes are the common table expressions that a name may mean, innermost first.
type ctes struct {
	name    string
	query   node
	aliases []string
	outer   *ctes // also what the expression itself may name
}

// of adds those that a query begins with.
func (c *ctes) of(n node) *ctes {
	list, _ := n.child("cte_map")["map"].([]any)
	for _, item := range list {
		entry, _ := item.(map[string]any)
		value := node(entry).child("value")
		c = &ctes{name: strings.ToLower(node(entry).text("key")), query: value.child("query").child("node"), aliases: lowNames(value["aliases"]), outer: c}
	}
	return c
}

func (c *ctes) find(name string) *ctes {
	for ; c != nil; c = c.outer {
		if c.name == strings.ToLower(name) {
			return c
		}
	}
	return nil
}
