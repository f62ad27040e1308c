package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

func (e *environment) showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "a saved plan, or a table: schema, snapshots, lineage",
		ArgsUsage: "FILE|ADDRESS",
		Flags:     append(e.variableFlags(), formatFlag(view.FormatText, view.FormatJSON, view.FormatMarkdown, view.FormatHTML), &cli.BoolFlag{Name: "json", Usage: "the same as -format=json"}),
		Action: func(c *cli.Context) error {
			return e.show(c)
		},
	}
}

func (e *environment) show(c *cli.Context) error {
	what := c.Args().First()
	if what == "" {
		return errors.New("say what to show: a saved plan's file, or an address such as table.silver.orders")
	}
	if _, err := os.Stat(what); err == nil {
		return e.showPlan(c, what)
	}
	return e.stateful(true, showTable)(c)
}

func (e *environment) showPlan(c *cli.Context, file string) error {
	saved, err := plan.ReadFile(file)
	if err != nil {
		return (&workspace{environment: e}).fail("The saved plan can't be read", err)
	}
	format := c.String("format")
	if c.Bool("json") {
		format = view.FormatJSON
	}
	return view.Plan(e.stdout, saved.Plan, format, e.viewOptions(e.stdout))
}

func showTable(ctx context.Context, c *cli.Context, w *workspace) error {
	name := c.Args().First()
	t, other, err := w.lookUp(ctx, name)
	if err != nil {
		return err
	}
	if t == nil {
		return w.fail("Unknown file or table", fmt.Errorf("there is no file %s, and the lakehouse has no table of that name.%s", name, other))
	}
	if c.Bool("json") || c.String("format") == view.FormatJSON {
		return view.JSON(w.stdout, t)
	}
	if err := oneOf("-format of a table", c.String("format"), view.FormatText, view.FormatJSON); err != nil {
		return err
	}
	fmt.Fprintf(w.stdout, "%s  (%s in Iceberg)\n\n", t.Address, t.Ident)
	if err := view.Table(w.stdout, []string{"column", "type", "id", "doc"}, columnRows(t), "table"); err != nil {
		return err
	}
	rows := "an unknown number of rows" // another writer's
	if t.Rows >= 0 {
		rows = view.Plural(t.Rows, "row")
	}
	fmt.Fprintf(w.stdout, "\n%s, %s in %s, %s; main is %d\n", rows, view.Bytes(t.Bytes), view.Plural(t.Files, "file"), view.Plural(t.Snapshots, "snapshot"), t.Main)
	if len(t.Partition) > 0 {
		fmt.Fprintf(w.stdout, "partitioned by %s\n", partitions(t))
	}
	for _, in := range t.Summary.Inputs {
		fmt.Fprintf(w.stdout, "read %s at snapshot %d\n", in.Address, in.Snapshot)
	}
	if t.Summary.Position != "" {
		fmt.Fprintf(w.stdout, "source read: %s\n", t.Summary.Position)
	}
	_, err = fmt.Fprintf(w.stdout, "written by run %s at %s\n", t.Summary.RunID, instant(t.Summary.At))
	return err
}

func columnRows(t *state.Table) [][]string {
	var rows [][]string
	for _, f := range t.Columns {
		kind := f.Type.String()
		if f.Required {
			kind += " required"
		}
		rows = append(rows, []string{f.Name, kind, fmt.Sprint(f.ID), f.Doc})
	}
	return rows
}

func partitions(t *state.Table) string {
	var fields []string
	for _, p := range t.Partition {
		if p.Transform == "identity" {
			fields = append(fields, p.Column)
			continue
		}
		fields = append(fields, fmt.Sprintf("%s(%s)", p.Transform, p.Column))
	}
	return strings.Join(fields, ", ")
}
