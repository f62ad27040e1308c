package csv_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

// BenchmarkManyFiles plans a source of 100,000 files of which all but one were read.
func BenchmarkManyFiles(b *testing.B) {
	dir, old := b.TempDir(), time.Now().Add(-time.Hour)
	for i := range 100_000 {
		path := filepath.Join(dir, fmt.Sprintf("data/%03d/%06d.csv", i%1000, i))
		if i < 1000 {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(path, []byte("n\n1\n"), 0o644); err != nil {
			b.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			b.Fatal(err)
		}
	}
	cfg := outputtest.Source(dir, map[string]cty.Value{"path": cty.StringVal("data/**/*.csv")})
	cfg.Mode = "incremental"
	provider, request := csv.New(), sdk.PlanRequest{CacheDir: b.TempDir()}
	first, diags := provider.Plan(context.Background(), cfg, request)
	if diags.HasErrors() {
		b.Fatal(diags)
	}
	request.Cursor, request.Columns = map[string][]byte{"": first.Until}, first.Columns
	outputtest.Write(b, dir, "data/new.csv", "n\n2\n")
	for b.Loop() {
		plan, diags := provider.Plan(context.Background(), cfg, request)
		if diags.HasErrors() || plan.Position != "1 new file: data/new.csv" {
			b.Fatal(plan, diags)
		}
	}
}
