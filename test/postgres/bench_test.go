package postgres

import (
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
)

// BenchmarkRead reads half a million rows of eight columns, as batches and into Parquet files.
func BenchmarkRead(b *testing.B) {
	const rows = 500_000
	if err := datafile.CompressPages(); err != nil {
		b.Fatal(err)
	}
	d := newDatabase(b)
	d.exec(b, `CREATE TABLE eight AS SELECT i::bigint AS id, (i %% 1000)::int AS customer, (random() * 1000)::numeric(12, 2) AS amount, random() AS score,
		'2026-01-01'::timestamptz + i * interval '1 second' AS created_at, '2026-01-01'::date + (i %% 365)::int AS day, md5(i::text) AS note,
		(ARRAY['new', 'paid', 'sent', 'done'])[1 + i %% 4] AS status FROM generate_series(1, %d) i`, rows)
	for name, staged := range map[string]bool{"batches": false, "files": true} {
		for connections, parallelism := range map[string]int64{"one": 1, "two": 2} {
			b.Run(name+"/"+connections, func(b *testing.B) {
				cfg := with(d.table("eight"), "parallelism", cty.NumberIntVal(parallelism))
				plan, _ := plan(b, cfg, sdk.PlanRequest{})
				for b.Loop() {
					req := sdk.ReadRequest{Columns: outputtest.WithIDs(plan.Columns), BatchSize: 16 << 10}
					if staged {
						req.Staging = outputtest.Staging(b)
					}
					out := &outputtest.Counter{}
					if err := postgres.New().Read(b.Context(), cfg, req, out); err != nil || out.Rows != rows {
						b.Fatalf("%d rows, %v", out.Rows, err)
					}
				}
				b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			})
		}
	}
}
