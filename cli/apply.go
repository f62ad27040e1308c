package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
)

func (e *environment) applyCommand() *cli.Command {
	return &cli.Command{
		Name:      "apply",
		Usage:     "plan, ask, and do it; or do a saved plan",
		ArgsUsage: "[FILE]",
		Flags:     append(e.selectionFlags(), applyFlags()...),
		Action:    e.apply,
	}
}

func applyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "auto-approve", Usage: "don't ask"},
		&cli.BoolFlag{Name: "json", Usage: "stream events as JSON, one a line"},
		&cli.IntFlag{Name: "parallelism", Value: max(4, runtime.NumCPU()), Usage: "tables at a time", Action: atLeastOne("parallelism")},
		&cli.DurationFlag{Name: "lock-timeout", Usage: "wait so long for tables that another run holds"},
	}
}

func (e *environment) apply(c *cli.Context) error {
	ctx := c.Context
	w, err := e.loadToPlan(ctx, planOptions(c))
	if err != nil {
		return err
	}
	defer w.close(ctx)
	if err := w.openToPlan(ctx, false, planOptions(c)); err != nil {
		return err
	}
	if file := c.Args().First(); file != "" {
		return w.applySaved(ctx, c, file)
	}
	return w.planAndApply(ctx, c, planOptions(c))
}

// applySaved does a saved plan, on exactly its graph.
func (w *workspace) applySaved(ctx context.Context, c *cli.Context, file string) error {
	if len(c.StringSlice("target"))+len(c.StringSlice("exclude")) > 0 {
		return errors.New("a saved plan is applied as a whole: -target and -exclude belong to `etl plan`")
	}
	saved, err := plan.ReadFile(file)
	if err != nil {
		return w.fail("The saved plan can't be read", err)
	}
	if saved.Plan.ConfigHash != planner.ConfigHash(w.project) {
		return w.fail("The plan is stale", errors.New("the configuration or its variables changed since the plan was made. Nothing was written. Plan again, and review the new plan"))
	}
	_, err = w.do(ctx, c, saved.Plan, saved.ID)
	return err
}

// planAndApply plans, asks, and does it.
func (w *workspace) planAndApply(ctx context.Context, c *cli.Context, options planner.Options) error {
	p, diags := w.plan(ctx, options)
	if diags.HasErrors() {
		w.report(diags)
		return planFailed(diags)
	}
	if c.Duration("lock-timeout") == 0 && w.report(apply.Held(ctx, w.lake, p)) {
		return exit(exitError)
	}
	if c.Bool("json") {
		w.report(diags)
	} else if err := w.printPlan(p, diags, view.FormatText); err != nil {
		return err
	}
	if !p.Changes() && !p.Checks() {
		return w.idle(ctx, p)
	}
	if p.Changes() && !c.Bool("auto-approve") && !w.approved(ctx, "Use -auto-approve, or save the plan with `etl plan -out=FILE` and apply that.") {
		return exit(exitError)
	}
	_, err := w.do(ctx, c, p, "")
	return err
}

// approved asks. Only the word yes is an answer that changes anything. Where there is nobody to ask, it says what else to do.
func (w *workspace) approved(ctx context.Context, instead string) bool {
	if file, ok := w.stdin.(*os.File); !ok || !w.terminal(file) {
		fmt.Fprintln(w.stderr, "Not applied: there is nobody to ask. "+instead)
		return false
	}
	fmt.Fprint(w.stdout, "\nApply these changes? Only \"yes\" is accepted: ")
	answer := make(chan string, 1)
	go func() {
		line, err := bufio.NewReader(w.stdin).ReadString('\n')
		if err != nil {
			line = ""
		}
		answer <- strings.TrimSpace(line)
	}()
	select {
	case <-ctx.Done():
		return false
	case line := <-answer:
		if line != "yes" {
			fmt.Fprintln(w.stdout, "Not applied.")
			return false
		}
		return true
	}
}

// do applies a plan and says how it went.
func (w *workspace) do(ctx context.Context, c *cli.Context, p *plan.Plan, planID string) (*apply.Result, error) {
	compute, err := w.engine(ctx)
	if err != nil {
		return nil, w.fail("The compute engine could not be opened", err)
	}
	began := time.Now()
	opt := w.sensitive(w.viewOptions(w.stderr))
	out := w.stderr
	if opt.JSON = c.Bool("json"); opt.JSON {
		out = w.stdout
	}
	progress := view.NewProgress(out, view.ProgressOptions{Terminal: !opt.JSON && w.terminal(out), Options: opt})
	a := &apply.Applier{Project: w.project, Lakehouse: w.lake, Sources: w.sources(), Compute: compute, Progress: reporter{progress},
		Log: w.log, Parallelism: c.Int("parallelism"), LockTimeout: c.Duration("lock-timeout"),
		Command: "etl " + c.Command.Name, Version: version(), Schema: w.schema, Told: &w.told}
	result, diags := a.Apply(ctx, p, planID)
	if err := progress.Close(); err != nil {
		w.log.Debug("printing progress", "error", err)
	}
	failed := w.report(w.unshown(diags))
	if result != nil && len(result.Outcomes) > 0 && !c.Bool("json") {
		fmt.Fprintln(w.stdout, "\n"+applied(result, time.Since(began))+quarantines(result, p))
		w.showOutputs(p)
	}
	if failed {
		return result, exit(exitError)
	}
	return result, nil
}

// quarantines says which tables' rows are where.
func quarantines(result *apply.Result, p *plan.Plan) string {
	var b strings.Builder
	for _, o := range result.Outcomes {
		for _, t := range p.Tables {
			if t.Address == o.Address && o.Rows.Bad > 0 {
				name := t.Ident.String() + plan.QuarantineSuffix
				fmt.Fprintf(&b, "\nQuarantined: %s of %s; see `etl query 'SELECT raw, reason FROM %s'`.", view.Plural(o.Rows.Bad, "row"), o.Address, name)
			}
		}
	}
	return b.String()
}

// applied is the last line: how many tables came to which end.
func applied(result *apply.Result, took time.Duration) string {
	count := map[string]int{}
	var rows apply.Rows
	for _, o := range result.Outcomes {
		count[o.State]++
		rows.Read += o.Rows.Read
		rows.Written += o.Rows.Written
		rows.Bad += o.Rows.Bad
	}
	text := fmt.Sprintf("Applied %d of %s in %s", count["done"], view.Plural(len(result.Outcomes), "table"), view.Duration(took))
	for _, state := range []string{"failed", "skipped", "canceled"} {
		if count[state] > 0 {
			text += fmt.Sprintf(", %d %s", count[state], state)
		}
	}
	text += fmt.Sprintf(": %s written", view.Plural(rows.Written, "row"))
	if rows.Bad > 0 {
		text += fmt.Sprintf(", %s quarantined", view.Count(rows.Bad))
	}
	return text + fmt.Sprintf(". Run %s.", result.RunID)
}

// reporter draws an apply's progress.
type reporter struct{ *view.Progress }

func (r reporter) Start(address string, action plan.Action) {
	r.Progress.Start(address, string(action))
}

func (r reporter) Done(address string, o apply.Outcome) {
	detail := ""
	if o.Cause != "" {
		detail = "needs " + o.Cause
	}
	if o.Rows.Bad > 0 {
		detail = view.Plural(o.Rows.Bad, "row") + " in quarantine: " + strings.Join(o.Bad, "; ")
	}
	state := o.State
	if state == "canceled" {
		state = view.Interrupted
	}
	r.Progress.Done(address, state, o.Rows.Written, o.Ended.Sub(o.Started), detail)
}
