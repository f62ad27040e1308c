package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/engine/plan"
)

func (e *environment) runCommand() *cli.Command {
	return &cli.Command{
		Name:  "run",
		Usage: "refresh without asking: what a scheduler calls; refuses changed definitions",
		Flags: append(e.selectionFlags(), applyFlags()[1:]...),
		Action: func(c *cli.Context) error {
			return e.refresh(c)
		},
	}
}

func (e *environment) refresh(c *cli.Context) error {
	ctx := c.Context
	w, err := e.loadToPlan(ctx, planOptions(c))
	if err != nil {
		return err
	}
	defer w.close(ctx)
	if err := w.mustOpen(ctx, false); err != nil {
		return err
	}
	p, diags := w.plan(ctx, planOptions(c))
	if w.report(diags) {
		return planFailed(diags)
	}
	if changed := definitionsChanged(p); len(changed) > 0 {
		_ = w.fail("Definitions changed", fmt.Errorf("`etl run` only refreshes, and these tables would be changed: %s. Review them with `etl plan` and apply them with `etl apply`", strings.Join(changed, ", ")))
		return exit(exitRefused)
	}
	if !p.Changes() && !p.Checks() {
		return w.idle(ctx)
	}
	return w.do(ctx, c, p, "")
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
