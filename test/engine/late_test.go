package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// append adds rows to a table, as another writer that keeps what is recorded.
func (p *project) append(namespace, name, query string) {
	p.Helper()
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		table, err := lake.Table(ctx, addr.Ident{Namespace: namespace, Name: name})
		if err != nil {
			p.Fatalf("%v", err)
		}
		run := fmt.Sprintf("late-%d", time.Now().UnixNano())
		dir, err := lake.StagePath(ctx, table.Ident, table, run)
		if err != nil {
			p.Fatalf("%v", err)
		}
		session, err := p.compute.Session(ctx)
		if err != nil {
			p.Fatalf("%v", err)
		}
		defer session.Close()
		files, err := session.Write(ctx, duckdb.Write{Query: query, Columns: table.Columns, Dir: dir})
		if err != nil {
			p.Fatalf("%v", err)
		}
		summary := table.Summary
		summary.CommitID, summary.RunID = run, run
		if _, err := lake.Commit(ctx, state.Change{Ident: table.Ident, Base: table, Operation: state.Append, Add: files, Summary: summary,
			Address: table.Address, Definition: table.Definition, MetaHash: table.MetaHash}); err != nil {
			p.Fatalf("%v", err)
		}
	})
}

// TestLateChanges lets another writer put changes into the log that lie before those that were applied: they never win.
func TestLateChanges(t *testing.T) {
	p, table := followedProject(t, everyWay)
	table.transaction(table.insert(1, "x", int64(1)), table.insert(2, "x", int64(1)), table.insert(3, "x", int64(1)))
	p.apply()
	for range 3 {
		table.clock += 5
		table.transaction(table.update(1, "y", int64(2), false))
	}
	table.transaction(table.remove(2))
	p.apply()
	late := func(id, v int64) string {
		return fmt.Sprintf("SELECT %d AS id, 'late' AS a, %d AS v, '%s' AS %s, '%s' AS %s, make_timestamptz(1000001) AS %s, 'run' AS _etl_run, make_timestamptz(1) AS _etl_loaded_at, 't' AS _etl_source, 1 AS _etl_row",
			id, v, sdk.Update, sdk.OpColumn, spelledPosition(2, 5+int(id)), sdk.PositionColumn, sdk.CommittedAtColumn)
	}
	p.append("bronze", "log", late(1, 7)+" UNION ALL "+late(2, 7)+" UNION ALL "+late(3, 7))
	p.apply()
	p.settled()
	p.same("SELECT id, a, v FROM silver.direct", "1|y|2", "3|late|7")
	p.same("SELECT id, a, v FROM silver.soft WHERE NOT _etl_deleted", "1|y|2", "3|late|7")
	p.same("SELECT id, a, v, is_current FROM silver.past WHERE id = 3", "3|x|1|false", "3|late|7|true")
	p.same("SELECT id, is_current FROM silver.past WHERE id = 2", "2|false", "2|false")
}
