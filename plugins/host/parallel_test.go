package host_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// readAll reads all partitions at once, each into its own sink.
func readAll(ctx context.Context, t *testing.T, c *host.Client, settings block, sinks []sink) error {
	t.Helper()
	cfg := config(c, settings.narrow().with("partitions", cty.NumberIntVal(int64(len(sinks)))))
	p := plan(t, c, cfg)
	if len(p.Partitions) != len(sinks) {
		t.Fatalf("planned the partitions %v", p.Partitions)
	}
	all, ctx := errgroup.WithContext(ctx)
	for i, partition := range p.Partitions {
		all.Go(func() error {
			return c.Read(ctx, cfg, sdk.ReadRequest{Columns: p.Columns, Partition: partition, BatchSize: 1000}, &sinks[i])
		})
	}
	return all.Wait()
}

func TestPartitionsInParallelWithinABudget(t *testing.T) {
	h, _ := open(t, host.Options{BudgetBytes: 1}) // no more than the one batch a partition that is always allowed
	c := client(t, h, "numbers")
	sinks := make([]sink, 8)
	if err := readAll(t.Context(), t, c, rows(80_003), sinks); err != nil {
		t.Fatal(err)
	}
	seen := map[int64]bool{}
	for i := range sinks {
		for _, n := range sinks[i].numbers {
			if seen[n] {
				t.Fatalf("%d came twice", n)
			}
			seen[n] = true
		}
	}
	if len(seen) != 80_003 {
		t.Errorf("got %d numbers", len(seen))
	}
	// A batch of 1000 numbers is below 9 KB, so eight at a time are below 72 KB.
	if peak := h.Peak(); peak == 0 || peak > 72_000 {
		t.Errorf("up to %d bytes were held", peak)
	}
}

func TestASlowPartitionBlocksNoOther(t *testing.T) {
	h, _ := open(t, host.Options{BudgetBytes: 1})
	c := client(t, h, "numbers")
	sinks := make([]sink, 4)
	var others atomic.Int32
	released := make(chan struct{})
	sinks[0].batch = func(ctx context.Context, _ host.Origin, _ arrow.RecordBatch) error {
		select {
		case <-released:
		case <-time.After(20 * time.Second):
			t.Error("the other partitions did not end while one was slow")
		}
		return nil
	}
	for i := range sinks[1:] {
		sinks[i+1].batch = func(context.Context, host.Origin, arrow.RecordBatch) error {
			if others.Add(1) == 3*100 {
				close(released)
			}
			return nil
		}
	}
	if err := readAll(t.Context(), t, c, rows(400_000), sinks); err != nil {
		t.Fatal(err)
	}
}

func TestOneDeathEndsAllReadsOfTheProcess(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	sinks := make([]sink, 3)
	err := readAll(t.Context(), t, c, rows(300_000).fault("crash", 50_000), sinks)
	if err == nil {
		t.Fatal("a crash was overlooked")
	}
	if err := readAll(t.Context(), t, c, rows(30), make([]sink, 3)); err != nil {
		t.Errorf("the next reads gave %v", err)
	}
}

func TestConcurrentStartsShareAProcess(t *testing.T) {
	h, _ := open(t, host.Options{})
	var all errgroup.Group
	for range 10 {
		all.Go(func() error {
			_, err := h.Source(t.Context(), "numbers")
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	if pids := processes(); len(pids) != 1 {
		t.Errorf("ten calls started %v", pids)
	}
}
