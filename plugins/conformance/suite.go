// Package conformance holds every provider to what the engine relies on: that plans repeat themselves, that a read can
// go on from each of its checkpoints without a row lost or doubled, that it waits for a slow host, stops when it is
// cancelled, and that nothing is lost when it dies in the middle. It needs a source that stands still meanwhile, and of a
// Follower one that nobody else writes to.
package conformance

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Subject is a provider and a source of its to test it with, of at least a few hundred rows.
type Subject struct {
	Host      host.Options
	Provider  string
	Config    func(c *host.Client) sdk.Config
	BatchSize int // small enough for several batches; 0 means 100
	// Unordered says that rows come in another order, under other numbers, each time: several connections read them, or
	// some are sent again.
	Unordered bool
	// Key names columns that identify a row, if a host may ask for them alone.
	Key []string
	// Write changes the source of a Follower: inserts, updates and deletes, twenty or more in all, committed when it
	// returns. It is called with 1, 2, 3 and so on.
	Write func(ctx context.Context, time int) error
}

// Case is one promise.
type Case struct {
	Name string
	Run  func(ctx context.Context, e *Examination) error
}

// Cases are all promises, in the order in which they build on each other.
func Cases() []Case {
	return []Case{
		{"the schema describes itself rightly", schema},
		{"values that are not known yet are no trouble", unknown},
		{"a plan repeats itself", repeatedPlan},
		{"recorded columns are never narrowed", recordedColumns},
		{"a read repeats itself", repeatedRead},
		{"a read goes on from every checkpoint", resumption},
		{"after the last checkpoint nothing is left", nothingLeft},
		{"keys alone are the keys of all rows", keysOnly},
		{"a slow host holds the provider back", backPressure},
		{"a cancelled read stops", cancellation},
		{"calls leave nothing running", leaks},
		{"a death in the middle loses nothing", death},
	}
}

// Examination is a subject under test.
type Examination struct {
	subject Subject
	host    *host.Host
	client  *host.Client
	config  sdk.Config
	plan    *sdk.PlanResponse
	writes  int // so far
}

// Examine starts the provider. Close the examination after the last case.
func Examine(ctx context.Context, s Subject) (*Examination, error) {
	if s.BatchSize <= 0 {
		s.BatchSize = 100
	}
	e := &Examination{subject: s, host: host.New(s.Host)}
	var err error
	if e.client, err = e.host.Source(ctx, s.Provider); err != nil {
		return nil, closing(ctx, e.host, err)
	}
	e.config = s.Config(e.client)
	if e.plan, err = e.planFrom(ctx, sdk.PlanRequest{}); err != nil {
		return nil, closing(ctx, e.host, err)
	}
	return e, nil
}

// Close ends the provider.
func (e *Examination) Close(ctx context.Context) error { return e.host.Close(ctx) }

func closing(ctx context.Context, h *host.Host, err error) error {
	if failed := h.Close(ctx); failed != nil {
		return fmt.Errorf("%w; then closing the host: %w", err, failed)
	}
	return err
}

func (e *Examination) planFrom(ctx context.Context, req sdk.PlanRequest) (*sdk.PlanResponse, error) {
	plan, ds, err := e.client.Plan(ctx, e.config, req)
	if err != nil {
		return nil, err
	}
	if ds.HasErrors() {
		return nil, ds
	}
	return plan, nil
}

// partitions are the plan's, or the one without a name.
func (e *Examination) partitions() []string {
	if len(e.plan.Partitions) == 0 {
		return []string{""}
	}
	return e.plan.Partitions
}

func (e *Examination) request(partition string, cursor map[string][]byte) sdk.ReadRequest {
	return sdk.ReadRequest{
		Columns: e.plan.Columns, Cursor: cursor, Until: e.plan.Until, Partition: partition,
		BatchSize: e.subject.BatchSize, MaxBadRows: 1 << 40,
	}
}

// read reads all partitions from a cursor, one after the other.
func (e *Examination) read(ctx context.Context, cursor map[string][]byte) (*record, error) {
	all := e.record(cursor)
	for _, partition := range e.partitions() {
		if err := e.client.Read(ctx, e.config, e.request(partition, cursor), all); err != nil {
			return nil, err
		}
	}
	return all, nil
}
