package planner

import (
	"context"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// compiled is what binding a table once gave: remembered by everything that went into it.
type compiled struct {
	Columns     coltype.Schema `json:"columns"`
	Rows        string         `json:"rows,omitempty"` // what the query's rows are
	Key         []string       `json:"key,omitempty"`  // what identifies a row, where they are changes
	Query       string         `json:"query,omitempty"`
	Order       []string       `json:"order,omitempty"`
	Text        bool           `json:"text,omitempty"` // Query is the user's SQL
	Incremental string         `json:"incremental,omitempty"`
	Why         string         `json:"why,omitempty"`
	Drivers     []string       `json:"drivers,omitempty"`
	KeysQuery   string         `json:"keys_query,omitempty"`
	KeyedQuery  string         `json:"keyed_query,omitempty"`
	OutputKeys  []string       `json:"output_keys,omitempty"`
	Partitions  string         `json:"partitions,omitempty"` // a query of the partitions that new rows touch
	Checks      []plan.Check   `json:"checks,omitempty"`
}

// compileQuery binds a table that is computed from tables, or remembers that it was bound like this before.
func (r *planning) compileQuery(ctx context.Context, n *node) bool {
	return r.compileOnce(n, func() (*compiled, hcl.Diagnostics) {
		if n.table.SQL != nil {
			return r.bindSQL(ctx, n)
		}
		return bindSteps(n)
	})
}

// compileLoad checks a loaded table's contract, layout and checks against its columns.
func (r *planning) compileLoad(_ context.Context, n *node) bool {
	return r.compileOnce(n, func() (*compiled, hcl.Diagnostics) {
		kind := n.loadedKind()
		columns, diags := compile.Stored(n.table, n.work.Columns, kind)
		if diags.HasErrors() {
			return nil, diags
		}
		return withChecks(n, &compiled{Columns: columns, Rows: string(kind), Key: n.sourceKey()}, diags)
	})
}

func (r *planning) compileOnce(n *node, bind func() (*compiled, hcl.Diagnostics)) bool {
	key := memoKey(n.bindingKey()...)
	n.compiled = &compiled{}
	if r.memo.get(key, n.compiled) {
		n.bound()
		return true
	}
	c, diags := bind()
	r.diags = append(r.diags, diags...)
	if diags.HasErrors() || c == nil {
		return false
	}
	n.compiled = c
	n.bound()
	if len(diags) == 0 { // a warning is said every time
		r.memo.put(key, c)
	}
	return true
}

// bound takes what binding gave.
func (n *node) bound() {
	n.work.Checks, n.work.Write.Rows = n.compiled.Checks, n.compiled.Rows
	if n.changes = n.compiled.Rows == string(compile.ChangeRows) && !applied(n.table.Write.Mode); n.changes {
		n.key = n.compiled.Key
	}
}

// bindingKey is all that binding a table depends on: its definition, and the columns of all that it reads.
func (n *node) bindingKey() []string {
	parts := []string{n.table.Addr.String(), string(n.definition()), encodeColumns(n.work.Columns)}
	for _, in := range n.inputs {
		parts = append(parts, in.address(), in.ident().String(), in.encodedColumns(), in.encodedRows())
	}
	if n.response != nil {
		parts = append(parts, n.response.Key...)
	}
	return parts
}

// encodedColumns are spelled once for all readers of a table.
func (in input) encodedColumns() string {
	if in.node == nil {
		return encodeColumns(in.foreign.Columns)
	}
	if in.node.columns == "" {
		in.node.columns = encodeColumns(in.node.work.Columns)
	}
	return in.node.columns
}

func encodeColumns(s coltype.Schema) string { return string(plan.Encode(withoutIDs(s))) }

// withoutIDs drops the top-level field ids, which differ between a planned and a recorded schema that are the same.
func withoutIDs(s coltype.Schema) coltype.Schema {
	plain := make(coltype.Schema, len(s))
	for i, f := range s {
		plain[i] = coltype.Field{Name: f.Name, Required: f.Required, Type: stripIDs(f.Type)}
	}
	return plain
}

func stripIDs(t coltype.Type) coltype.Type {
	strip := func(f *coltype.Field) *coltype.Field {
		if f == nil {
			return nil
		}
		return &coltype.Field{Name: f.Name, Required: f.Required, Type: stripIDs(f.Type)}
	}
	t.Key, t.Elem = strip(t.Key), strip(t.Elem)
	if len(t.Fields) > 0 {
		t.Fields = withoutIDs(t.Fields)
	}
	return t
}

// bindSteps types the steps against the inputs' planned schemas.
func bindSteps(n *node) (*compiled, hcl.Diagnostics) {
	bound, diags := compile.Table(n.table, n.compileInputs())
	if diags.HasErrors() || bound == nil {
		return nil, diags
	}
	inc := bound.Incremental
	c := &compiled{Columns: bound.Columns, Rows: string(bound.Kind), Key: bound.Key, Query: bound.Query, Order: bound.Order, Incremental: inc.Kind, Why: inc.Why,
		KeysQuery: inc.KeysQuery, KeyedQuery: inc.KeyedQuery, OutputKeys: inc.OutputKeys}
	for _, d := range inc.Drivers {
		c.Drivers = append(c.Drivers, d.String())
	}
	return withChecks(n, c, diags)
}

func (n *node) compileInputs() compile.Inputs {
	inputs := compile.Inputs{}
	for _, in := range n.inputs {
		if in.node != nil {
			shape := in.shape()
			inputs[in.node.table.Addr] = compile.Input{Ident: in.ident(), Columns: shape.Columns, Open: shape.Open, Surplus: shape.Surplus, Changes: in.node.changes,
				Key: in.node.key, Identity: in.node.identity(), Appended: in.node.appended()}
		}
	}
	return inputs
}

// bindSQL lets the compute engine describe the SQL over empty tables of the inputs' planned schemas.
func (r *planning) bindSQL(ctx context.Context, n *node) (*compiled, hcl.Diagnostics) {
	columns, diags := r.describe(ctx, n)
	if diags.HasErrors() {
		return nil, diags
	}
	bound, diags := compile.SQLTable(n.table, columns)
	if diags.HasErrors() {
		return nil, diags
	}
	c := &compiled{Columns: bound.Columns, Rows: string(bound.Kind), Query: bound.Query, Text: true, Incremental: bound.Incremental.Kind, Why: bound.Incremental.Why}
	if n.table.Write.Mode == "partitions" {
		if err := r.bindPartitions(ctx, n, c); err != nil {
			return nil, hcl.Diagnostics{computeFailed(n.table.Range, err)}
		}
	}
	return withChecks(n, c, diags)
}

// describe asks the compute engine which columns the SQL gives.
func (r *planning) describe(ctx context.Context, n *node) (coltype.Schema, hcl.Diagnostics) {
	session, err := r.bind(ctx)
	if err != nil {
		return nil, hcl.Diagnostics{computeFailed(n.table.Range, err)}
	}
	seen := map[addr.Ident]bool{}
	for _, in := range n.inputs {
		if seen[in.ident()] || in.audit {
			continue
		}
		seen[in.ident()] = true
		if err := session.BindEmpty(ctx, in.ident(), in.shape().Columns); err != nil {
			return nil, hcl.Diagnostics{computeFailed(n.table.Range, err)}
		}
	}
	columns, err := session.Describe(ctx, n.table.SQL.Text)
	if err != nil {
		return nil, sqlMistakes(n.table.SQL, err)
	}
	return columns, nil
}

// withChecks compiles the expects against the output's columns.
func withChecks(n *node, c *compiled, diags hcl.Diagnostics) (*compiled, hcl.Diagnostics) {
	checks, found := compile.Checks(n.table, c.Columns, n.compileInputs())
	if c.Rows == string(compile.ChangeRows) && !applied(n.table.Write.Mode) {
		checks = compile.OfChanges(checks)
	}
	for _, check := range checks {
		c.Checks = append(c.Checks, plan.Check{Name: check.Name, Action: check.Action, Kind: check.Kind, Condition: check.Condition, Unique: check.Unique,
			References: check.References, Now: check.Now})
	}
	return c, append(diags, found...)
}
