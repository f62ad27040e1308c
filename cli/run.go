package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
)

func (e *environment) runCommand() *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "refresh without asking: what a scheduler calls; refuses changed definitions",
		Flags: append(append(e.selectionFlags(), applyFlags()[1:]...),
			&cli.DurationFlag{Name: "every", Usage: "go on: refresh again after each `INTERVAL`, until it is interrupted"}),
		Action: func(c *cli.Context) error {
			return e.refresh(c)
		},
	}
}

func (e *environment) refresh(c *cli.Context) error {
	ctx, interval := c.Context, c.Duration("every")
	if c.IsSet("every") {
		if interval <= 0 {
			return errors.New("-every takes an interval above zero, such as -every=30s")
		}
		if err := notRepeated(planOptions(c)); err != nil {
			return err
		}
	}
	w, err := e.loadToPlan(ctx, planOptions(c))
	if err != nil {
		return err
	}
	defer w.close(ctx)
	if err := w.openToPlan(ctx, false, planOptions(c)); err != nil {
		return err
	}
	if interval > 0 {
		return w.every(ctx, c, interval)
	}
	p, err := w.planRefresh(ctx, planOptions(c))
	if err != nil {
		return err
	}
	if !p.Changes() && !p.Checks() {
		return w.idle(ctx, p)
	}
	_, err = w.do(ctx, c, p, "")
	return err
}

// planRefresh plans, and refuses what is more than taking in new data.
func (w *workspace) planRefresh(ctx context.Context, options planner.Options) (*plan.Plan, error) {
	p, diags := w.plan(ctx, options)
	if w.reportUninterrupted(ctx, w.said.unsaid(diags)) {
		return nil, planFailed(diags)
	}
	if changed := definitionsChanged(p); len(changed) > 0 {
		_ = w.fail("Definitions changed", fmt.Errorf("`etl run` only refreshes, and these tables would be changed: %s. Review them with `etl plan` and apply them with `etl apply`", strings.Join(changed, ", ")))
		return nil, exit(exitRefused)
	}
	return p, nil
}

// definitionsChanged lists the tables whose action is more than taking in new data.
func definitionsChanged(p *plan.Plan) []string {
	var changed []string
	for _, t := range p.Tables {
		if t.Action != plan.None && t.Action != plan.Refresh {
			changed = append(changed, fmt.Sprintf("%s (%s)", t.Address, t.Action))
		}
	}
	return changed
}
