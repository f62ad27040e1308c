package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/test/services"
)

// wideRow is a row of about a kilobyte.
func wideRow(i int) string { return fmt.Sprintf("%d, '%s', now()", i, strings.Repeat("x", 1000)) }

// TestConnectionsLost ends connections, and restarts the server, while a large table is read in each of the ways that there
// are. What comes is the table, once, or a clear word.
func TestConnectionsLost(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			server, err := services.Start(flavor)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = server.Close() })
			l := newLab(t, flavor, server.Env["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"])
			const rows = 55_000
			l.exec("CREATE TABLE large (id int primary key, v varchar(1000), at datetime, key (at))", "CREATE VIEW one AS SELECT * FROM large")
			l.fill("large", rows, wideRow)
			for way, disturb := range map[string]func(){
				"restart": func() {
					if err := errors.Join(server.Stop(), server.Resume()); err != nil {
						t.Error(err)
					}
				},
				"kill": func() { l.retry(func() error { return l.endConnections(l.config.User) }) },
			} {
				t.Run(way, func(t *testing.T) { l.lostReads(t, rows, disturb) })
			}
		})
	}
}

func (l *lab) lostReads(t *testing.T, rows int, disturb func()) {
	increment := cty.ObjectVal(block(providers.BuiltIn()["mysql"].Schema().Extract["incremental"].ImpliedType(), map[string]cty.Value{"cursor": cty.StringVal("at")}))
	for name, c := range map[string]struct {
		table  string
		from   int64
		change func(*sdk.Config, *sdk.ReadRequest)
		lost   bool
	}{
		"ranges":        {"large", 1000, func(_ *sdk.Config, r *sdk.ReadRequest) { r.Staging = outputtest.Staging(t) }, false},
		"one statement": {"one", 1000, func(_ *sdk.Config, r *sdk.ReadRequest) { r.Staging = outputtest.Staging(t) }, false},
		"increment": {"large", 1000, func(c *sdk.Config, r *sdk.ReadRequest) {
			c.Mode, c.Extract, r.Staging = "incremental", increment, outputtest.Staging(t)
		}, false},
		"rows handed over":  {"one", 36_000, func(*sdk.Config, *sdk.ReadRequest) {}, true},
		"keys":              {"large", 1000, func(_ *sdk.Config, r *sdk.ReadRequest) { r.KeysOnly, r.Columns = true, r.Columns[:1] }, false},
		"first of a stream": {"large", 1000, func(c *sdk.Config, _ *sdk.ReadRequest) { c.Mode = "delta" }, false},
	} {
		t.Run(name, func(t *testing.T) {
			source := table(c.table)
			if name == "first of a stream" { // which several connections would have read by then
				source["parallelism"] = cty.NumberIntVal(1)
			}
			cfg, request := l.source(source), sdk.ReadRequest{BatchSize: 1000}
			request.Columns = outputtest.WithIDs(plannedColumns(t, cfg))
			c.change(&cfg, &request)
			if cfg.Mode == "delta" {
				request.Columns = append(request.Columns, sdk.ChangeColumns()...)
			}
			out := &outputtest.Disturbed{Recorder: outputtest.NewRecorder(t, request.Columns), From: c.from, Disturb: disturb}
			err := providers.BuiltIn()["mysql"].Read(context.Background(), cfg, request, out)
			if c.lost {
				if err == nil || !strings.Contains(err.Error(), "Run it again") {
					t.Errorf("%d rows, %v", len(out.Rows), err)
				}
				return
			}
			if err != nil || out.Disturb != nil {
				t.Fatalf("%v; disturbed: %v", err, out.Disturb == nil)
			}
			sent := out.Rows
			if cfg.Mode == "delta" {
				sent = afterTruncation(t, out.Recorder)
			}
			ids := map[any]bool{}
			for _, row := range sent {
				ids[row.Values[0]] = true
			}
			if len(sent) != rows || len(ids) != rows {
				t.Errorf("%d rows with %d keys instead of %d", len(sent), len(ids), rows)
			}
		})
	}
}

func plannedColumns(t *testing.T, cfg sdk.Config) coltype.Schema {
	t.Helper()
	response, diags := plan(cfg)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return response.Columns
}

// afterTruncation are the rows after the last truncation, of two at least; positions grow throughout.
func afterTruncation(t *testing.T, out *outputtest.Recorder) []outputtest.Row {
	t.Helper()
	op, position, last := out.Columns.Index("_etl_op"), out.Columns.Index("_etl_position"), ""
	var after []outputtest.Row
	truncations := 0
	for _, row := range out.Rows {
		at := row.Values[position].(string)
		if at <= last {
			t.Fatalf("the position %s follows %s", at, last)
		}
		last = at
		if row.Values[op] == "truncate" {
			truncations++
			after = nil
			continue
		}
		after = append(after, row)
	}
	if truncations < 2 {
		t.Errorf("%d truncations", truncations)
	}
	return slices.Clip(after)
}
