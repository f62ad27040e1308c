package planner

import (
	"context"

	"github.com/automic-etl/etl/engine/compile"
)

// bindPartitions finds out whether SQL over one table can be computed anew by the partitions that new rows touch.
func (r *planning) bindPartitions(ctx context.Context, n *node, c *compiled) error {
	from := n.onlyInput()
	if from == nil {
		return nil
	}
	session, err := r.bind(ctx) // the table is bound in it
	if err != nil {
		return err
	}
	by := n.table.Write.By
	found, err := session.Partitioning(ctx, n.table.SQL.Text, by, from.ident(), from.shape().Columns.Names())
	if err != nil {
		return err
	}
	if found.Keys == "" {
		c.Why = "recomputes fully: " + found.Why
	} else {
		c.Partitions = compile.Partitions(found.Keys, by, c.Columns)
	}
	c.Drivers = []string{from.address()}
	return nil
}

// onlyInput is the table that rows are computed from, if there is just one.
func (n *node) onlyInput() *input {
	var only *input
	for i := range n.inputs {
		switch {
		case n.inputs[i].audit:
		case only != nil:
			return nil
		default:
			only = &n.inputs[i]
		}
	}
	return only
}
