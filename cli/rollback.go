package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/state"
)

func (e *environment) rollbackCommand() *cli.Command {
	return &cli.Command{
		Name:      "rollback",
		Usage:     "return a table to an earlier snapshot; the next apply moves it forward again",
		ArgsUsage: "ADDRESS",
		Flags: append(e.variableFlags(),
			&cli.StringFlag{Name: "to", Usage: "the `SNAPSHOT` (id, time, tag or branch) to return to"},
			&cli.BoolFlag{Name: "auto-approve", Usage: "don't ask"},
			&cli.DurationFlag{Name: "lock-timeout", Usage: "wait so long for the table if another run holds it"},
		),
		Action: e.stateful(false, rollback),
	}
}

func rollback(ctx context.Context, c *cli.Context, w *workspace) error {
	if c.String("to") == "" {
		return errors.New("say where to: -to=SNAPSHOT; `etl history ADDRESS` lists them")
	}
	t, err := w.recorded(ctx, c.Args().First())
	if err != nil {
		return err
	}
	to, err := w.lake.SnapshotAt(ctx, t.Ident, c.String("to"))
	if err != nil {
		return w.fail("Unknown snapshot", err)
	}
	fmt.Fprintf(w.stdout, "%s returns from snapshot %d to %d. What reads it is recomputed by the next `etl apply`.\n%s", t.Address, t.Main, to, w.stranded(t))
	if !c.Bool("auto-approve") && !w.approved(ctx, "Use -auto-approve.") {
		return exit(exitError)
	}
	committed, err := w.applier(c).Rollback(ctx, t, to)
	if err != nil {
		return w.fail("The rollback failed", err)
	}
	_, err = fmt.Fprintf(w.stdout, "Rolled back: %s stands at snapshot %d, which says the same as %d.\n", t.Address, committed.Main, to)
	return err
}

// stranded says of a table whose source tells each change once that the source doesn't go back with it.
func (w *workspace) stranded(t *state.Table) string {
	for _, s := range w.project.Sources {
		if s.Addr.String() == planner.RecordedSource(t) && s.Mode == schema.Delta {
			return fmt.Sprintf("It follows %s, which may not tell again what it told since: then the next `etl apply` refuses until `etl apply -resnapshot=%s` reads it anew.\n",
				s.Addr, t.Address)
		}
	}
	return ""
}

// applier is for writes other than a plan.
func (w *workspace) applier(c *cli.Context) *apply.Applier {
	return &apply.Applier{Project: w.project, Lakehouse: w.lake, Log: w.log, LockTimeout: c.Duration("lock-timeout"),
		Command: "etl " + c.Command.Name, Version: version()}
}
