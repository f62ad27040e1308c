package postgres

import (
	"errors"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
	"github.com/automic-etl/etl/test/services"
)

// TestReadsAreRepeated ends connections, and restarts the server, while a large table is read in each of the ways that there
// are. What comes is the table, once, or a clear word.
func TestReadsAreRepeated(t *testing.T) {
	own, err := services.Start("postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	at, err := newAddress(own.Env)
	if err != nil {
		t.Fatal(err)
	}
	const rows = 60_000
	d := databaseAt(t, at)
	d.exec(t, "CREATE TABLE large (id int PRIMARY KEY, v text); ALTER TABLE large ALTER v SET STORAGE PLAIN")
	d.exec(t, "INSERT INTO large SELECT i, repeat('x', 1000) FROM generate_series(1, %d) i", rows)
	d.exec(t, "CREATE VIEW one AS SELECT * FROM large; ANALYZE large")
	for way, disturb := range map[string]func(){
		"restart": func() {
			if err := errors.Join(own.Stop(), own.Resume()); err != nil {
				t.Error(err)
			}
		},
		"kill": func() {
			d.asAdmin(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etl'")
		},
	} {
		t.Run(way, func(t *testing.T) { d.repeatedReads(t, rows, disturb) })
	}
	d.conn = connect(t, d.dsn("etl"))
}

func (d *database) repeatedReads(t *testing.T, rows int, disturb func()) {
	staged := func(_ *sdk.Config, r *sdk.ReadRequest) { r.Staging = outputtest.Staging(t) }
	for name, c := range map[string]struct {
		table  string
		from   int64
		change func(*sdk.Config, *sdk.ReadRequest)
		lost   bool
	}{
		"ranges":        {"large", 1000, staged, false},
		"one statement": {"one", 1000, staged, false},
		"increment": {"large", 1000, func(c *sdk.Config, _ *sdk.ReadRequest) {
			*c = d.incremental("large", map[string]cty.Value{"cursor": text("id")})
		}, false},
		"keys":             {"large", 1000, func(_ *sdk.Config, r *sdk.ReadRequest) { r.KeysOnly, r.Columns = true, r.Columns[:1] }, false},
		"rows handed over": {"one", 40_000, func(*sdk.Config, *sdk.ReadRequest) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, request := d.table(c.table), sdk.ReadRequest{BatchSize: 1000}
			planned, _ := plan(t, cfg, sdk.PlanRequest{})
			request.Columns = outputtest.WithIDs(planned.Columns)
			c.change(&cfg, &request)
			out := &outputtest.Disturbed{Recorder: outputtest.NewRecorder(t, request.Columns), From: c.from, Disturb: disturb}
			err := postgres.New().Read(t.Context(), cfg, request, out)
			if c.lost {
				if err == nil || !strings.Contains(err.Error(), "run it again") {
					t.Errorf("%d rows, %v", len(out.Rows), err)
				}
				return
			}
			if err != nil || out.Disturb != nil {
				t.Fatalf("%v; disturbed: %t", err, out.Disturb == nil)
			}
			ids := map[any]bool{}
			for _, row := range out.Rows {
				ids[row.Values[0]] = true
			}
			if len(out.Rows) != rows || len(ids) != rows {
				t.Errorf("%d rows with %d keys instead of %d", len(out.Rows), len(ids), rows)
			}
		})
	}
}
