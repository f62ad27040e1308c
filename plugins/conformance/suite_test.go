package conformance_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(map[string]sdk.Provider{
		"numbers": numbers.Provider{}, "forgetful": forgetful{}, "restless": restless{}, "repeating": repeating{},
		"resender": resender{}, "moody": moody{}, "greedy": greedy{}, "skipping": skipping{}, "eager": eager{}, "impatient": impatient{}, "sharing": sharing{},
		"doubling": doubling{}, "overlapping": overlapping{}, "lossy": lossy{}, "keyless": keyless{},
		"leaky": leaky{}, "abandoning": abandoning{},
	})
	os.Exit(m.Run())
}

func subject(t *testing.T, provider string, partitions int64) conformance.Subject {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return conformance.Subject{
		Provider: provider, Key: []string{"n"},
		Host: host.Options{
			Executable: executable, BuiltIn: []string{provider}, CacheDir: t.TempDir(),
		},
		Config: func(c *host.Client) sdk.Config {
			values := c.Schema().Source.Empty().AsValueMap()
			values["rows"], values["partitions"] = cty.NumberIntVal(1001), cty.NumberIntVal(partitions)
			values["bad_every"] = cty.NumberIntVal(50)
			return sdk.Config{
				Address: "source." + provider + ".test", Source: cty.ObjectVal(values), Mode: "incremental", Extract: cty.EmptyObjectVal,
			}
		},
	}
}

func TestNumbersConform(t *testing.T) {
	for name, partitions := range map[string]int64{"one partition": 1, "three partitions": 3} {
		t.Run(name, func(t *testing.T) {
			e, err := conformance.Examine(t.Context(), subject(t, "numbers", partitions))
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close(context.Background())
			for _, c := range conformance.Cases() {
				if err := c.Run(t.Context(), e); err != nil {
					t.Errorf("%s: %v", c.Name, err)
				}
			}
		})
	}
}

// Rows may be sent again where the plan says so, under other numbers.
func TestOverlapConforms(t *testing.T) {
	s := subject(t, "overlapping", 1)
	s.Unordered = true
	e, err := conformance.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	for _, c := range conformance.Cases() {
		if err := c.Run(t.Context(), e); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// Providers that break one promise each must be found out.
func TestBrokenPromisesAreFound(t *testing.T) {
	for provider, want := range map[string]string{
		"forgetful": "a read goes on from every checkpoint",
		"restless":  "a plan repeats itself",
		"repeating": "a read repeats itself",
		"lossy":     "a read goes on from every checkpoint",
		"keyless":   "keys alone are the keys of all rows",
		"leaky":     "calls leave nothing running",
	} {
		s := subject(t, provider, 1)
		s.Unordered = provider == "lossy"
		e, err := conformance.Examine(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var broken []string
		for _, c := range conformance.Cases() {
			if err := c.Run(t.Context(), e); err != nil {
				broken = append(broken, c.Name)
			}
		}
		if len(broken) == 0 || !strings.Contains(strings.Join(broken, "; "), want) {
			t.Errorf("%s breaks %q", provider, broken)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// So must one that only leaves something behind when it is cancelled.
func TestGoroutinesOfCancelledReadsAreFound(t *testing.T) {
	e, err := conformance.Examine(t.Context(), subject(t, "abandoning", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	for _, c := range conformance.Cases() {
		if c.Name != "calls leave nothing running" {
			continue
		}
		if err := c.Run(t.Context(), e); err == nil || !strings.Contains(err.Error(), "calls leave goroutines behind") {
			t.Errorf("it was found to be: %v", err)
		}
	}
}

// What arrives is what the provider made, value by value, of every type.
func TestValuesOfAllTypesArrive(t *testing.T) {
	s := subject(t, "numbers", 1)
	h := host.New(s.Host)
	defer h.Close(context.Background())
	c, err := h.Source(t.Context(), "numbers")
	if err != nil {
		t.Fatal(err)
	}
	cfg := s.Config(c)
	plan, _, err := c.Plan(t.Context(), cfg, sdk.PlanRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range plan.Columns {
		plan.Columns[i].ID = i + 1 // as the host numbers them
	}
	schema := arrowschema.FromColumns(plan.Columns)
	there := &kept{}
	req := sdk.ReadRequest{Columns: plan.Columns, BatchSize: 250}
	if err := c.Read(t.Context(), cfg, req, there); err != nil {
		t.Fatal(err)
	}
	here := &direct{}
	if err := (numbers.Provider{}).Read(t.Context(), cfg, req, here); err != nil {
		t.Fatal(err)
	}
	if len(there.batches) != len(here.batches) || len(here.batches) == 0 {
		t.Fatalf("%d batches instead of %d", len(there.batches), len(here.batches))
	}
	for i, got := range there.batches {
		if !array.RecordEqual(got, here.batches[i]) || !got.Schema().Equal(schema) {
			t.Errorf("batch %d differs", i)
		}
	}
}

// kept copies batches on the host's side.
type kept struct{ batches []arrow.RecordBatch }

func (k *kept) Batch(_ context.Context, _ host.Origin, rows arrow.RecordBatch) error {
	columns := make([]arrow.Array, rows.NumCols())
	for i, column := range rows.Columns() {
		copied, err := array.Concatenate([]arrow.Array{column}, memory.DefaultAllocator)
		if err != nil {
			return err
		}
		columns[i] = copied
	}
	k.batches = append(k.batches, array.NewRecordBatch(rows.Schema(), columns, rows.NumRows()))
	return nil
}

func (k *kept) File(context.Context, sdk.File) error             { return nil }
func (k *kept) Bad(context.Context, []sdk.BadRow) error          { return nil }
func (k *kept) Checkpoint(context.Context, string, []byte) error { return nil }
func (k *kept) Progress(int64, int64)                            {}

// direct takes batches without any transport.
type direct struct{ kept }

func (d *direct) Batch(_ context.Context, rows arrow.RecordBatch) error {
	rows.Retain()
	d.batches = append(d.batches, rows)
	return nil
}

func (d *direct) Origin(string, int64) {}
