package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/engine/planner"
)

func (e *environment) graphCommand() *cli.Command {
	return &cli.Command{
		Name:  "graph",
		Usage: "print the graph of sources and tables",
		Flags: append(e.variableFlags(), formatFlag("dot", "mermaid", "json")),
		Action: func(c *cli.Context) error {
			return e.graph(c)
		},
	}
}

func (e *environment) graph(c *cli.Context) error {
	draw := map[string]func(io.Writer, []planner.Edge) error{"dot": drawDot, "mermaid": drawMermaid, "json": drawJSON}[c.String("format")]
	w, err := e.load(c.Context, false)
	if err != nil {
		return err
	}
	defer w.close(c.Context)
	edges, diags := w.edges(c.Context)
	if w.report(diags) {
		return exit(exitError)
	}
	return draw(e.stdout, edges)
}

// edges reads the graph from the configuration, and from the catalog the tables of others that SQL names.
func (w *workspace) edges(ctx context.Context) ([]planner.Edge, hcl.Diagnostics) {
	if err := w.open(ctx, true); err != nil {
		return nil, hcl.Diagnostics{notOpened(err)}
	}
	return w.planner(planner.Options{}).Edges(ctx)
}

func drawDot(w io.Writer, edges []planner.Edge) error {
	fmt.Fprintln(w, "digraph etl {\n  rankdir = LR\n  node [shape = box]")
	for _, edge := range edges {
		if edge.From == "" {
			fmt.Fprintf(w, "  %q\n", edge.To)
			continue
		}
		style := ""
		if edge.Check {
			style = " [style = dashed]"
		}
		fmt.Fprintf(w, "  %q -> %q%s\n", edge.From, edge.To, style)
	}
	_, err := fmt.Fprintln(w, "}")
	return err
}

func drawMermaid(w io.Writer, edges []planner.Edge) error {
	ids := map[string]string{}
	id := func(address string) string {
		if ids[address] == "" {
			ids[address] = fmt.Sprintf("n%d", len(ids))
			fmt.Fprintf(w, "  %s[\"%s\"]\n", ids[address], address)
		}
		return ids[address]
	}
	fmt.Fprintln(w, "flowchart LR")
	for _, edge := range edges {
		to := id(edge.To)
		if edge.From == "" {
			continue
		}
		arrow := "-->"
		if edge.Check {
			arrow = "-.->"
		}
		from := id(edge.From)
		if _, err := fmt.Fprintf(w, "  %s %s %s\n", from, arrow, to); err != nil {
			return err
		}
	}
	return nil
}

func drawJSON(w io.Writer, edges []planner.Edge) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(map[string]any{"format_version": 1, "edges": edges})
}
