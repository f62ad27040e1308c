package outputtest

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Provenance are the columns that the host adds, with the given first id.
func Provenance(id int) coltype.Schema {
	return coltype.Schema{
		{ID: id, Name: "_etl_run", Type: coltype.Of(coltype.String)},
		{ID: id + 1, Name: "_etl_loaded_at", Type: coltype.Of(coltype.Timestamptz)},
		{ID: id + 2, Name: "_etl_source", Type: coltype.Of(coltype.String)},
		{ID: id + 3, Name: "_etl_row", Type: coltype.Of(coltype.Long)},
	}
}

// Staging is what a host asks for, in a folder of its own.
func Staging(t testing.TB) *sdk.Staging {
	return &sdk.Staging{
		Dir: t.TempDir(), Provenance: Provenance(1001), RunID: "run-1", LoadedAt: 1_700_000_000_000_000,
		Compression: "zstd", TargetBytes: 64 << 20, Threads: 2,
	}
}

// WithIDs numbers columns and everything inside them from 1.
func WithIDs(columns coltype.Schema) coltype.Schema {
	next := 0
	return number(columns, &next)
}

func number(fields []coltype.Field, next *int) []coltype.Field {
	out := make([]coltype.Field, len(fields))
	for i, f := range fields {
		*next++
		f.ID = *next
		f.Type.Fields = number(f.Type.Fields, next)
		for _, elem := range []**coltype.Field{&f.Type.Key, &f.Type.Elem} {
			if *elem != nil {
				numbered := number([]coltype.Field{**elem}, next)[0]
				*elem = &numbered
			}
		}
		out[i] = f
	}
	return out
}

// Source is a source block with the given attributes.
func Source(dir string, attributes map[string]cty.Value) sdk.Config {
	return sdk.Config{Address: "source.test.x", Dir: dir, Source: cty.ObjectVal(attributes), Mode: "batch"}
}

// Write makes a file below a folder, and the folders above it.
func Write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// Load plans and reads everything, as files or as batches.
func Load(t testing.TB, p sdk.Provider, cfg sdk.Config, staged bool) *Recorder {
	t.Helper()
	plan, diags := p.Plan(context.Background(), cfg, sdk.PlanRequest{CacheDir: t.TempDir()})
	if diags.HasErrors() {
		t.Fatalf("planning: %v", diags)
	}
	recorder, err := Read(t, p, cfg, plan, nil, staged)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	return recorder
}

// Read reads what a plan saw.
func Read(t testing.TB, p sdk.Provider, cfg sdk.Config, plan *sdk.PlanResponse, cursor []byte, staged bool) (*Recorder, error) {
	request := sdk.ReadRequest{Columns: WithIDs(plan.Columns), Until: plan.Until, BatchSize: 1000}
	if cursor != nil {
		request.Cursor = map[string][]byte{"": cursor}
	}
	if staged {
		request.Staging = Staging(t)
	}
	recorder := NewRecorder(t, request.Columns)
	return recorder, p.Read(context.Background(), cfg, request, recorder)
}
