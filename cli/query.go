package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/read"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func (e *environment) queryCommand() *cli.Command {
	return &cli.Command{
		Name:      "query",
		Usage:     "read the lakehouse with SQL; tables are layer.name",
		ArgsUsage: "SQL",
		Flags: append(e.variableFlags(),
			&cli.StringFlag{Name: "at", Usage: "read as of a `SNAPSHOT` id, a time, a tag or a branch"},
			formatFlag("table", "csv", "json", "parquet"),
		),
		Action: e.stateful(true, query),
	}
}

// shownRows is how many rows are printed as a table; programs ask for csv, json or parquet, which have no limit.
const shownRows = 1000

func query(ctx context.Context, c *cli.Context, w *workspace) error {
	if c.Args().Len() != 1 {
		return errors.New("say one query, in quotes: etl query 'SELECT count(*) FROM silver.orders'")
	}
	compute, err := w.engine(ctx)
	if err != nil {
		return w.fail("The compute engine could not be opened", err)
	}
	reader := read.Reader{Lakehouse: w.lake, Compute: compute}
	session, text, err := reader.Open(ctx, c.Args().First(), c.String("at"))
	if err != nil {
		return w.queryFailed(c.Args().First(), err)
	}
	defer session.Close()
	if format := c.String("format"); format == "table" {
		err = printRows(ctx, w, session, text)
	} else {
		err = session.CopyTo(ctx, text, duckdb.Format(format), w.stdout)
	}
	if err != nil {
		return w.queryFailed(c.Args().First(), err)
	}
	return nil
}

func printRows(ctx context.Context, w *workspace, session *duckdb.Session, text string) error {
	rows, err := session.Rows(ctx, text, shownRows)
	if err != nil {
		return err
	}
	lines := make([][]string, len(rows.Values))
	for i, row := range rows.Values {
		for j, value := range row {
			lines[i] = append(lines[i], cell(rows.Columns[j].Type, value))
		}
	}
	if err := view.Table(w.stdout, rows.Columns.Names(), lines, "table"); err != nil {
		return err
	}
	if rows.More {
		fmt.Fprintf(w.stderr, "Only the first %d rows are shown; -format=csv prints all.\n", shownRows)
	}
	return nil
}

// cell is a value as the table shows it. A text that reads as null does is put in quotes, and so is one in such quotes.
func cell(t coltype.Type, value any) string {
	text := duckdb.Text(t, value)
	if value != nil && strings.Trim(text, "'") == duckdb.Text(t, nil) {
		return "'" + text + "'"
	}
	return text
}

// queryFailed prints what is wrong with a query; its mistakes point into its text.
func (w *workspace) queryFailed(sql string, err error) error {
	mistakes := duckdb.Mistakes(err)
	if len(mistakes) == 0 {
		return w.fail("The query failed", err)
	}
	for _, m := range mistakes {
		_ = w.fail(m.Summary, fmt.Errorf("%s%s%s", m.Detail, m.Suggestion(), pointer(sql, m.Offset)))
	}
	return exit(exitError)
}

// pointer shows where in the SQL a mistake is.
func pointer(sql string, offset int) string {
	if offset < 0 || offset >= len(sql) {
		return ""
	}
	end := min(len(sql), offset+40)
	return fmt.Sprintf("\n\nAt character %d: %s", offset+1, sql[offset:end])
}
