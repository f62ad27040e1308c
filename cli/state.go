package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

func (e *environment) stateCommand() *cli.Command {
	format := &cli.StringFlag{Name: "format", Value: "table", Usage: "table, csv or json"}
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
				return fmt.Errorf("`etl state` has no command %q: it has list, show, locks and unlock", name)
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
	var rows [][]string
	for _, t := range tables {
		if t.Project != w.project.Name || t.Address == "" {
			continue
		}
		rows = append(rows, []string{t.Address, t.Ident.String(), view.Count(t.Rows), view.Bytes(t.Bytes), strconv.Itoa(t.Snapshots), instant(t.Summary.At)})
	}
	return view.Table(w.stdout, []string{"address", "table", "rows", "bytes", "snapshots", "written"}, rows, c.String("format"))
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
	rows := [][]string{
		{"address", t.Address}, {"table", t.Ident.String()}, {"uuid", t.UUID}, {"metadata", t.MetadataLocation},
		{"main", strconv.FormatInt(t.Main, 10)}, {"state at", strconv.FormatInt(t.StateAt, 10)}, {"run", s.RunID}, {"commit", s.CommitID},
		{"data hash", s.DataHash}, {"meta hash", t.MetaHash}, {"computed by", s.Mode}, {"position", s.Position},
		{"rows", strconv.FormatInt(t.Rows, 10)}, {"read", strconv.FormatInt(s.RowsRead, 10)}, {"bad", strconv.FormatInt(s.RowsBad, 10)}, {"at", instant(s.At)},
	}
	for _, in := range s.Inputs {
		rows = append(rows, []string{"input " + in.Address, strconv.FormatInt(in.Snapshot, 10)})
	}
	for _, check := range s.Checks {
		rows = append(rows, []string{"check " + check.Name, fmt.Sprintf("%s, %d failed", check.Action, check.Failed)})
	}
	return view.Table(w.stdout, []string{"what", "value"}, rows, c.String("format"))
}

// recorded finds a table by its address or its name in SQL.
func (w *workspace) recorded(ctx context.Context, name string) (*state.Table, error) {
	if name == "" {
		return nil, errors.New("say which table: an address such as table.silver.orders")
	}
	tables, err := w.lake.Tables(ctx)
	if err != nil {
		return nil, w.fail("Recorded state is unreadable", err)
	}
	var known []string
	for _, t := range tables {
		if t.Address == name || t.Ident.String() == name {
			return t, nil
		}
		known = append(known, firstOf(t.Address, t.Ident.String()))
	}
	return nil, w.fail("Unknown table", fmt.Errorf("the lakehouse has no table %q. It has: %s", name, strings.Join(known, ", ")))
}

func stateLocks(ctx context.Context, c *cli.Context, w *workspace) error {
	holders, err := w.lake.Locks(ctx)
	if err != nil {
		return w.fail("The leases can't be read", err)
	}
	var rows [][]string
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
		rows = append(rows, []string{h.ID, h.RunID, h.Command, h.User + "@" + h.Host, strconv.Itoa(h.PID), alive, instant(h.Since), strings.Join(names, " ")})
	}
	return view.Table(w.stdout, []string{"lease", "run", "command", "who", "process", "state", "since", "tables"}, rows, c.String("format"))
}

func stateUnlock(ctx context.Context, c *cli.Context, w *workspace) error {
	id := c.Args().First()
	if id == "" {
		return errors.New("say which lease: `etl state locks` lists them")
	}
	if err := w.lake.Unlock(ctx, id); err != nil {
		return w.fail("The lease could not be taken", err)
	}
	_, err := fmt.Fprintf(w.stdout, "Lease %s is gone; what its run left unpublished is swept.\n", id)
	return err
}
