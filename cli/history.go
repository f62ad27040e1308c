package cli

import (
	"context"
	"fmt"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/state"
)

func (e *environment) historyCommand() *cli.Command {
	return &cli.Command{
		Name:      "history",
		Usage:     "a table's snapshots; without an address, the runs",
		ArgsUsage: "[ADDRESS]",
		Flags:     append(e.variableFlags(), formatFlag(view.FormatTable, view.FormatCSV, view.FormatJSON)),
		Action:    e.stateful(true, history),
	}
}

func history(ctx context.Context, c *cli.Context, w *workspace) error {
	if c.Args().Len() == 0 {
		return runs(ctx, c, w)
	}
	t, err := w.recorded(ctx, c.Args().First())
	if err != nil {
		return err
	}
	snapshots, err := w.lake.History(ctx, t.Ident)
	if err != nil {
		return w.fail("The history can't be read", err)
	}
	if c.String("format") == view.FormatTable {
		return view.Table(w.stdout, append([]string{""}, historyColumns()[1:]...), historyRows(snapshots), view.FormatTable)
	}
	return view.Values(w.stdout, historyColumns(), historyValues(snapshots), c.String("format"))
}

func historyColumns() []string {
	return []string{"current", "snapshot", "at", "operation", "computed by", "added", "removed", "rows", "run"}
}

// historyRows are for people.
func historyRows(snapshots []state.Snapshot) [][]string {
	var rows [][]string
	for _, s := range snapshots {
		by, mode := "another writer", ""
		if s.Summary != nil {
			by, mode = s.Summary.RunID, s.Summary.Mode
		}
		current := ""
		if s.Current {
			current = "*"
		}
		rows = append(rows, []string{current, strconv.FormatInt(s.ID, 10), instant(s.At), s.Operation, mode,
			signed(s.Added, "+"), signed(s.Removed, "-"), strconv.FormatInt(s.Rows, 10), by})
	}
	return rows
}

// historyValues are for programs; another writer's snapshots have no run.
func historyValues(snapshots []state.Snapshot) [][]any {
	var rows [][]any
	for _, s := range snapshots {
		row := []any{s.Current, s.ID, instant(s.At), s.Operation, nil, s.Added, s.Removed, s.Rows, nil}
		if s.Summary != nil {
			row[4], row[8] = s.Summary.Mode, s.Summary.RunID
		}
		rows = append(rows, row)
	}
	return rows
}

func signed(n int64, sign string) string {
	if n == 0 {
		return "0"
	}
	return fmt.Sprintf("%s%d", sign, n)
}

func runs(ctx context.Context, c *cli.Context, w *workspace) error {
	list, err := w.lake.Runs(ctx, 50)
	if err != nil {
		return w.fail("The runs can't be read", err)
	}
	if c.String("format") == view.FormatTable {
		return view.Table(w.stdout, []string{"run", "command", "outcome", "started", "took", "tables", "failed", "read", "written", "bad"}, runRows(list), view.FormatTable)
	}
	return view.Values(w.stdout, []string{"run", "command", "outcome", "started", "ended", "tables", "failed", "skipped", "read", "written", "bad"},
		runValues(list), c.String("format"))
}

// runRows are for people.
func runRows(list []state.Run) [][]string {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, []string{r.ID, r.Command, r.Outcome, instant(r.Started), view.Duration(r.Ended.Sub(r.Started)), strconv.Itoa(r.Tables),
			strconv.Itoa(r.Failed), strconv.FormatInt(r.RowsRead, 10), strconv.FormatInt(r.RowsWritten, 10), strconv.FormatInt(r.RowsBad, 10)})
	}
	return rows
}

// runValues are for programs.
func runValues(list []state.Run) [][]any {
	var rows [][]any
	for _, r := range list {
		rows = append(rows, []any{r.ID, r.Command, r.Outcome, instant(r.Started), instant(r.Ended), r.Tables, r.Failed, r.Skipped, r.RowsRead, r.RowsWritten, r.RowsBad})
	}
	return rows
}
