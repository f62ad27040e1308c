package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

func (e *environment) stateCommand() *cli.Command {
	format := formatFlag(view.FormatTable, view.FormatCSV, view.FormatJSON)
	return &cli.Command{
		Name:  "state",
		Usage: "what the lakehouse records",
		Subcommands: []*cli.Command{
			{Name: "list", Usage: "the project's tables", Flags: append(e.variableFlags(), format), Action: e.stateful(true, stateList)},
			{Name: "show", Usage: "one table's recorded state", ArgsUsage: "ADDRESS", Flags: append(e.variableFlags(), format), Action: e.stateful(true, stateShow)},
			{Name: "locks", Usage: "who holds which tables", Flags: append(e.variableFlags(), format), Action: e.stateful(true, stateLocks)},
			{Name: "unlock", Usage: "take a lease from a run that is gone, and sweep what it left", ArgsUsage: "ID", Flags: e.variableFlags(), Action: e.stateful(false, stateUnlock)},
		},
		Action: func(c *cli.Context) error {
			if name := c.Args().First(); name != "" {
				known := []string{"list", "show", "locks", "unlock"}
				return fmt.Errorf("`etl state` has no command %q: it has %s.%s", name, diag.List(known), diag.Suggest(name, known))
			}
			return cli.ShowSubcommandHelp(c)
		},
	}
}

// stateful opens the lakehouse around a command.
func (e *environment) stateful(readOnly bool, do func(context.Context, *cli.Context, *workspace) error) cli.ActionFunc {
	return func(c *cli.Context) error {
		w, err := e.load(c.Context, false)
		if err != nil {
			return err
		}
		defer w.close(c.Context)
		if err := w.mustOpen(c.Context, readOnly); err != nil {
			return err
		}
		return do(c.Context, c, w)
	}
}

func stateList(ctx context.Context, c *cli.Context, w *workspace) error {
	tables, err := w.lake.Tables(ctx)
	if err != nil {
		return w.fail("Recorded state is unreadable", err)
	}
	columns := []string{"address", "table", "rows", "bytes", "snapshots", "written"}
	people := c.String("format") == view.FormatTable
	var rows [][]any
	for _, t := range tables {
		if t.Project != w.project.Name || t.Address == "" {
			continue
		}
		row := []any{t.Address, t.Ident.String(), t.Rows, t.Bytes, t.Snapshots, instant(t.Summary.At)}
		if people {
			row[2], row[3] = view.Count(t.Rows), view.Bytes(t.Bytes)
		}
		rows = append(rows, row)
	}
	return view.Values(w.stdout, columns, rows, c.String("format"))
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func stateShow(ctx context.Context, c *cli.Context, w *workspace) error {
	t, err := w.recorded(ctx, c.Args().First())
	if err != nil {
		return err
	}
	s := t.Summary
	rows := [][]any{
		{"address", t.Address}, {"table", t.Ident.String()}, {"uuid", t.UUID}, {"metadata", t.MetadataLocation},
		{"main", t.Main}, {"state at", t.StateAt}, {"run", s.RunID}, {"commit", s.CommitID},
		{"data hash", s.DataHash}, {"meta hash", t.MetaHash}, {"computed by", s.Mode}, {"position", s.Position},
		{"rows", t.Rows}, {"read", s.RowsRead}, {"bad", s.RowsBad}, {"at", instant(s.At)},
	}
	for _, in := range s.Inputs {
		rows = append(rows, []any{"input " + in.Address, in.Snapshot})
	}
	for _, check := range s.Checks {
		rows = append(rows, []any{"check " + check.Name, fmt.Sprintf("%s, %d failed", check.Action, check.Failed)})
	}
	return view.Values(w.stdout, []string{"what", "value"}, rows, c.String("format"))
}

func stateLocks(ctx context.Context, c *cli.Context, w *workspace) error {
	holders, err := w.lake.Locks(ctx)
	if err != nil {
		return w.fail("The leases can't be read", err)
	}
	var rows [][]any
	for _, h := range holders {
		var names []string
		for _, t := range h.Tables {
			if !strings.HasSuffix(t.Name, plan.QuarantineSuffix) {
				names = append(names, t.String())
			}
		}
		alive := "alive"
		if !h.Alive {
			alive = "dead"
		}
		rows = append(rows, []any{h.ID, h.RunID, h.Command, h.User + "@" + h.Host, h.PID, alive, instant(h.Since), strings.Join(names, " ")})
	}
	return view.Values(w.stdout, []string{"lease", "run", "command", "who", "process", "state", "since", "tables"}, rows, c.String("format"))
}

func stateUnlock(ctx context.Context, c *cli.Context, w *workspace) error {
	id := c.Args().First()
	if id == "" {
		return errors.New("say which lease: `etl state locks` lists them")
	}
	if err := w.lake.Unlock(ctx, id); errors.Is(err, state.ErrNotFound) {
		return w.fail("Unknown lease", err)
	} else if err != nil {
		return w.fail("The lease could not be taken", err)
	}
	_, err := fmt.Fprintf(w.stdout, "Lease %s is gone; what its run left unpublished is swept.\n", id)
	return err
}
