package host_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

func numbersOf(rows arrow.RecordBatch) []int64 {
	return slices.Clone(rows.Column(0).(*array.Int64).Int64Values())
}

func TestPlanAndRead(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	cfg := config(c, rows(1000).with("bad_every", cty.NumberIntVal(100)))
	p := plan(t, c, cfg)
	if p.Rows != 1000 || !p.Changed || string(p.Until) != "1000" || len(p.Columns) != 17 || p.Partitions != nil {
		t.Fatalf("planned %+v", p)
	}
	var s sink
	if err := c.Read(t.Context(), cfg, sdk.ReadRequest{Columns: p.Columns, Until: p.Until, BatchSize: 300}, &s); err != nil {
		t.Fatal(err)
	}
	if len(s.numbers) != 990 || s.numbers[989] != 998 || len(s.bad) != 10 {
		t.Errorf("got %d numbers, %d bad rows", len(s.numbers), len(s.bad))
	}
	if string(s.order) != "bxcbxcbxcbxc" {
		t.Errorf("the order was %s", s.order)
	}
	if s.origins[1] != (host.Origin{Source: "p0", FirstRow: 301}) {
		t.Errorf("the second batch came from %+v", s.origins[1])
	}
	if s.bad[0].Raw != "raw \uFFFD 99" || s.bad[0].Reason != "made bad" || s.bad[0].Position != "number 99" {
		t.Errorf("the first bad row is %+v", s.bad[0])
	}
	if last := string(s.checkpoints[3]); last != `{"v":1,"next":1000}` || s.progress != 1000 {
		t.Errorf("the last checkpoint is %s, progress %d", last, s.progress)
	}
}

func TestReadGoesOnFromACheckpoint(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	cfg := config(c, rows(100).narrow())
	p := plan(t, c, cfg)
	var s sink
	req := sdk.ReadRequest{Columns: p.Columns, Cursor: map[string][]byte{"p0": []byte(`{"v":1,"next":90}`)}, BatchSize: 7}
	if err := c.Read(t.Context(), cfg, req, &s); err != nil {
		t.Fatal(err)
	}
	if want := []int64{90, 91, 92, 93, 94, 95, 96, 97, 98, 99}; !slices.Equal(s.numbers, want) {
		t.Errorf("got %v", s.numbers)
	}
	req.Cursor["p0"] = []byte(`{"v":2}`)
	var failed sdk.Diagnostics
	if err := c.Read(t.Context(), cfg, req, &s); !errors.As(err, &failed) {
		t.Errorf("a cursor of a newer version gave %v", err)
	}
}

func TestDiagnosticsComeBack(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	ds, err := c.Validate(t.Context(), config(c, rows(-5)))
	if err != nil || len(ds) != 1 || ds[0].Path[0] != "rows" || ds[0].Detail != "rows is -5. Write 0 or more." {
		t.Errorf("got %v, %v", ds, err)
	}
	unknown := config(c, block{"rows": cty.UnknownVal(cty.Number)})
	if ds, err := c.Validate(t.Context(), unknown); err != nil || ds != nil {
		t.Errorf("an unknown value gave %v, %v", ds, err)
	}
	if ds, err := c.Check(t.Context(), config(c, rows(1))); err != nil || ds != nil {
		t.Errorf("Check gave %v, %v", ds, err)
	}
	streams, ds, err := c.Discover(t.Context(), config(c, rows(9)))
	if err != nil || ds != nil || len(streams) != 1 || streams[0].Rows != 9 || streams[0].Keys[0][0] != "n" {
		t.Errorf("Discover gave %+v, %v, %v", streams, ds, err)
	}
	marked := config(c, block{"rows": cty.NumberIntVal(1).Mark("secret")})
	if _, err := c.Validate(t.Context(), marked); err == nil {
		t.Error("a marked value was sent")
	}
}

func TestReadErrors(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	for fault, want := range map[string]string{
		"fail":   "The provider failed: It failed while reading: the source went away.",
		"refuse": "rows: No such number: Write another one.",
		"panic": "The provider met a fault of its own: It panicked while reading: the read panicked. " +
			"This is a bug in the provider; the log has the place in its code.",
		"wrong": "The provider failed: It failed while reading: " +
			`column "n" of the batch is utf8 where int64 was asked for.`,
		"drop": "The provider failed: It failed while reading: " +
			`column "n" of the batch is utf8 where int64 was asked for.`,
	} {
		cfg := config(c, rows(50).narrow().fault(fault, 20))
		var s sink
		err := c.Read(t.Context(), cfg, sdk.ReadRequest{Columns: plan(t, c, cfg).Columns, BatchSize: 10}, &s)
		var ds sdk.Diagnostics
		if !errors.As(err, &ds) || err.Error() != want {
			t.Errorf("%s gave %v", fault, err)
		}
	}
}

func TestSinkErrorsEndTheRead(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	cfg := config(c, rows(1_000_000).narrow())
	broken := errors.New("the disk is full")
	s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error { return broken }}
	req := sdk.ReadRequest{Columns: plan(t, c, cfg).Columns, BatchSize: 1000}
	if err := c.Read(t.Context(), cfg, req, &s); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	// The process is still good for the next read.
	s = sink{}
	if err := c.Read(t.Context(), config(c, rows(5).narrow()), req, &s); err != nil || len(s.numbers) != 5 {
		t.Errorf("the next read gave %v, %v", s.numbers, err)
	}
}
