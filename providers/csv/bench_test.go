package csv_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

// discard is a host that only counts.
type discard struct{ outputtest.Recorder }

func (*discard) File(context.Context, sdk.File) error { return nil }

// BenchmarkLoad stages a file named by ETL_BENCH_CSV, or the flights.
func BenchmarkLoad(b *testing.B) {
	path := os.Getenv("ETL_BENCH_CSV")
	if path == "" {
		path, _ = filepath.Abs("../../examples/flights/data/weather.csv")
	}
	cfg := outputtest.Source(filepath.Dir(path), map[string]cty.Value{"path": cty.StringVal(filepath.Base(path))})
	provider := csv.New()
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	plan, diags := provider.Plan(context.Background(), cfg, sdk.PlanRequest{CacheDir: b.TempDir()})
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	for b.Loop() {
		request := sdk.ReadRequest{Columns: outputtest.WithIDs(plan.Columns), Until: plan.Until, Staging: outputtest.Staging(b)}
		if err := provider.Read(context.Background(), cfg, request, &discard{}); err != nil {
			b.Fatal(err)
		}
	}
}
