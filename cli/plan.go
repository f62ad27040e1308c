package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
)

func (e *environment) planCommand() *cli.Command {
	return &cli.Command{
		Name:  "plan",
		Usage: "show what apply would change; changes nothing",
		Flags: append(e.selectionFlags(),
			&cli.StringFlag{Name: "out", Usage: "save the plan to `FILE`, for apply"},
			formatFlag(view.FormatText, view.FormatJSON, view.FormatMarkdown, view.FormatHTML),
			&cli.BoolFlag{Name: "json", Usage: "the same as -format=json"},
			&cli.BoolFlag{Name: "detailed-exitcode", Usage: "0: nothing to do, 1: error, 2: changes"},
			&cli.BoolFlag{Name: "destroy", Usage: "plan to drop everything that the project owns"},
		),
		Action: e.plan,
	}
}

// selectionFlags are shared by plan, apply and run.
func (e *environment) selectionFlags() []cli.Flag {
	return append(e.variableFlags(),
		&cli.StringSliceFlag{Name: "target", Usage: "only this `ADDRESS`, and what it reads"},
		&cli.StringSliceFlag{Name: "exclude", Usage: "all but this `ADDRESS`, and what reads it"},
		&cli.StringSliceFlag{Name: "resnapshot", Usage: "read the source of the table `ADDRESS` anew"},
	)
}

func (e *environment) plan(c *cli.Context) error {
	ctx := c.Context
	format := c.String("format")
	if c.Bool("json") {
		format = "json"
	}
	w, err := e.loadToPlan(ctx, planOptions(c))
	if err != nil {
		return err
	}
	defer w.close(ctx)
	if err := w.openToPlan(ctx, true, planOptions(c)); err != nil {
		return err
	}
	p, diags := w.plan(ctx, planOptions(c))
	if diags.HasErrors() {
		w.report(diags)
		return planFailed(diags)
	}
	if err := w.printPlan(p, diags, format); err != nil {
		return err
	}
	if format == view.FormatText {
		w.showOutputs(p)
	}
	if out := c.String("out"); out != "" {
		if err := plan.Save(out, p); err != nil {
			return w.fail("The plan could not be saved", err)
		}
		fmt.Fprintf(e.stderr, "Saved the plan. To do exactly this: etl apply %s\n", out)
	}
	if c.Bool("detailed-exitcode") && p.Changes() {
		return exit(exitChanges)
	}
	return nil
}

// printPlan prints a plan and what it warns of: once where a person reads the plan, also to stderr where a program does.
func (w *workspace) printPlan(p *plan.Plan, warnings hcl.Diagnostics, format string) error {
	if format == view.FormatText {
		w.shown = p
	} else {
		w.report(warnings)
	}
	opt := w.viewOptions(w.stdout)
	opt.Sensitive = w.project.Sensitive
	if err := view.Plan(w.stdout, p, format, opt); err != nil {
		return w.fail("The plan could not be printed", err)
	}
	return nil
}

// unshown are the diagnostics without warnings that stand in the plan which was printed.
func (w *workspace) unshown(diags hcl.Diagnostics) hcl.Diagnostics {
	if w.shown == nil {
		return diags
	}
	said := map[string]bool{}
	for _, m := range w.shown.Warnings {
		said[m.Detail] = true
	}
	for _, t := range w.shown.Tables {
		for _, text := range t.Warnings {
			said[text] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(diags), func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagWarning && said[d.Detail] })
}

func planOptions(c *cli.Context) planner.Options {
	return planner.Options{Targets: c.StringSlice("target"), Exclude: c.StringSlice("exclude"),
		Resnapshot: c.StringSlice("resnapshot"), Destroy: c.Bool("destroy")}
}

// plan makes a plan against the open lakehouse.
func (w *workspace) plan(ctx context.Context, options planner.Options) (*plan.Plan, hcl.Diagnostics) {
	return w.planner(options).Plan(ctx)
}

func (w *workspace) planner(options planner.Options) *planner.Planner {
	return &planner.Planner{Project: w.project, Lakehouse: w.lake, Sources: w.sources(), Compute: w.engine,
		CacheDir: w.scratch.cache, Options: options, Log: w.log}
}
