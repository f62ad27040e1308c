package host_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// TestMain is the plugin as well: the host starts this test binary for each provider.
func TestMain(m *testing.M) {
	switch os.Getenv("ETL_PLUGIN") {
	case "printing":
		fmt.Println("debugging output that was left in")
	case "exiting":
		fmt.Fprintln(os.Stderr, "no licence was found")
		os.Exit(4)
	case "sleeping":
		time.Sleep(time.Hour)
	case "raw":
		serveRaw()
	}
	sdk.ServeBuiltIn(map[string]sdk.Provider{
		"numbers": numbers.Provider{}, "printing": numbers.Provider{}, "impostor": numbers.Provider{},
		"following": following{}, "plain": plain{numbers.Provider{}},
	})
	if mode := os.Getenv(hostEnv); mode != "" {
		beHost(mode)
	}
	os.Exit(m.Run())
}

// log is a log that tests can read.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func open(t testing.TB, o host.Options) (*host.Host, *log) {
	t.Helper()
	var err error
	if o.Executable, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	o.BuiltIn = []string{"numbers", "printing", "exiting", "sleeping", "impostor", "raw", "unbuilt", "following", "plain"}
	logged := &log{}
	o.Log = slog.New(slog.NewTextHandler(logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h := host.New(o)
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", logged)
		}
	})
	return h, logged
}

func client(t testing.TB, h *host.Host, provider string) *host.Client {
	t.Helper()
	c, err := h.Source(t.Context(), provider)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

type block map[string]cty.Value

// config is a source "numbers" block with these settings.
func config(c *host.Client, settings block) sdk.Config {
	values := c.Schema().Source.Empty().AsValueMap()
	for name, value := range settings {
		values[name] = value
	}
	return sdk.Config{
		Address: "source.numbers.test", Source: cty.ObjectVal(values), Mode: "incremental", Extract: cty.EmptyObjectVal,
	}
}

func rows(n int64) block { return block{"rows": cty.NumberIntVal(n)} }

func (b block) with(name string, value cty.Value) block {
	b[name] = value
	return b
}

func (b block) narrow() block { return b.with("wide", cty.False) }

func (b block) fault(name string, at int64) block {
	return b.with("fault", cty.StringVal(name)).with("fault_at", cty.NumberIntVal(at))
}

func plan(t testing.TB, c *host.Client, cfg sdk.Config) *sdk.PlanResponse {
	t.Helper()
	p, ds, err := c.Plan(t.Context(), cfg, sdk.PlanRequest{})
	if err != nil || ds.HasErrors() {
		t.Fatal(err, ds)
	}
	return p
}

// sink records what arrives. The functions that are set run first.
type sink struct {
	mu          sync.Mutex
	batch       func(ctx context.Context, origin host.Origin, rows arrow.RecordBatch) error
	numbers     []int64
	origins     []host.Origin
	bad         []sdk.BadRow
	files       []sdk.File
	checkpoints [][]byte
	order       []byte // b batch, c checkpoint, x bad, f file
	progress    int64
}

func (s *sink) Batch(ctx context.Context, origin host.Origin, rows arrow.RecordBatch) error {
	if s.batch != nil {
		if err := s.batch(ctx, origin, rows); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = append(s.order, 'b')
	s.origins = append(s.origins, origin)
	s.numbers = append(s.numbers, numbersOf(rows)...)
	return nil
}

func (s *sink) File(_ context.Context, f sdk.File) error {
	s.order, s.files = append(s.order, 'f'), append(s.files, f)
	return nil
}

func (s *sink) Bad(_ context.Context, rows []sdk.BadRow) error {
	s.order, s.bad = append(s.order, 'x'), append(s.bad, rows...)
	return nil
}

func (s *sink) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	s.order, s.checkpoints = append(s.order, 'c'), append(s.checkpoints, cursor)
	return nil
}

func (s *sink) Progress(rows, _ int64) { s.progress = rows }
