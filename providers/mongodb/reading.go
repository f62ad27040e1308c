package mongodb

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
)

// reading is a read of documents under way: ranges are read in parallel, made into rows in parallel, and handed over one
// batch after the other.
type reading struct {
	*collection
	request sdk.ReadRequest
	query   query
	split   bool              // into ranges; a filter is better served by its own index
	visit   func(chunk chunk) // each chunk before it is handed over, from one goroutine
	// leave is told, from the same one, of documents with fields that the plan didn't see, where they aren't to be rows without
	// them.
	leave func(documents [][]byte)

	mu    sync.Mutex
	seen  map[string]bool // fields that the plan knew of; nil where it didn't say
	fresh map[string]bool // fields of which it didn't
}

func newReading(c *collection, req sdk.ReadRequest, seen []string) *reading {
	r := &reading{collection: c, request: req, fresh: map[string]bool{}, query: query{
		filter: c.filter, project: c.projection(req), batch: c.batchSize,
	}, split: len(c.filter) == 0}
	if seen != nil {
		r.seen = map[string]bool{}
		for _, name := range seen {
			r.seen[name] = true
		}
	}
	return r
}

// projection are the fields to ask for; none means all, by which fields show that the plan didn't see.
func (c *collection) projection(req sdk.ReadRequest) []string {
	if req.KeysOnly {
		return req.Columns.Names()
	}
	return c.listed()
}

// unplaced takes note of a field without a column, and reports whether its document is to be left to the next read.
func (r *reading) unplaced(name []byte) bool {
	if r.seen == nil || r.seen[string(name)] {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh[string(name)] = true
	return r.leave != nil && r.sample == 0 && len(r.columns) == 0
}

// fate is what becomes of documents with fields that no document had when the plan was made.
type fate int

const (
	lost  fate = iota // nobody would read them again
	again             // all documents are read again the next time
	later             // the next read begins with them
)

// unseen reports fields that no document had when the plan was made. Where inference looked at a sample only, a warning is
// enough.
func (r *reading) unseen(then fate) sdk.Diagnostics {
	if len(r.fresh) == 0 || len(r.columns) > 0 {
		return nil
	}
	names := listed(slices.Sorted(maps.Keys(r.fresh)))
	switch {
	case r.sample > 0:
		return sdk.Diagnostics{sdk.Warning("Fields outside the sample", fmt.Sprintf("Documents of %s have fields that no document of the "+
			"sample has, and they are left out: %s. Raise sample, write 0 to look at all documents, or declare them in types.", r.namespace(), names), "sample")}
	case then == later:
		return sdk.Diagnostics{sdk.Warning("New fields since the plan", fmt.Sprintf("Documents of %s have fields that none had when the plan was "+
			"made: %s. These documents are left to the next run, whose plan sees the fields.", r.namespace(), names), "collection")}
	case then == again:
		return sdk.Diagnostics{sdk.Warning("New fields since the plan", fmt.Sprintf("Documents of %s have fields that none had when the plan was "+
			"made, and they are left out this time: %s.", r.namespace(), names), "collection")}
	}
	return sdk.Diagnostics{sdk.Error("New fields since the plan", fmt.Sprintf("Documents of %s have fields that none had when the plan was made: %s. "+
		"Nothing of this run is loaded, so that they are not lost. Plan again.", r.namespace(), names), "collection")}
}

// all reads everything that matches, and then says which cursor that is, if any.
func (r *reading) all(ctx context.Context, out sdk.Output, cursor func() ([]byte, error)) error {
	about, diags := r.describe(ctx)
	if diags.HasErrors() {
		return diags
	}
	at, err := r.now(ctx, about)
	if err != nil {
		return err
	}
	spans, count, err := r.divide(ctx, about, at)
	if err != nil {
		return err
	}
	d := delivery.New(out, r.request, count*guessedSize)
	defer d.Abandon()
	err = r.pump(ctx, spans, at, func(ctx context.Context, batches <-chan *rows) error { return r.deliver(ctx, batches, d) })
	if err != nil {
		return err
	}
	if cursor == nil {
		return handed(d.Flush(ctx))
	}
	encoded, err := cursor()
	if err != nil {
		return err
	}
	return handed(d.Checkpoint(ctx, encoded))
}

// divide finds ranges for what is read as a whole, and how many documents there are.
func (r *reading) divide(ctx context.Context, about info, at moment) ([]span, int64, error) {
	count, err := r.EstimatedDocumentCount(ctx)
	if err != nil {
		count = 0 // of a view nobody knows
	}
	if !r.split || about.kind == "view" {
		return []span{{}}, count, nil
	}
	var spans []span
	err = r.as(ctx, at, func(ctx context.Context) error {
		spans, err = r.spans(ctx, count)
		return err
	})
	return spans, count, err
}

// guessedSize is how many bytes a document has, to decide how many files to write at a time.
const guessedSize = 200

// handed marks errors of the host's side.
func handed(err error) error {
	if err == nil {
		return nil
	}
	return errors.Join(errOutput, err)
}

// pump reads the spans, makes rows of their documents, and gives these to deliver.
func (r *reading) pump(ctx context.Context, spans []span, at moment, deliver func(context.Context, <-chan *rows) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	chunks, batches := make(chan chunk, 1), make(chan *rows, 1)
	group.Go(func() error {
		defer close(chunks)
		return r.readSpans(ctx, spans, at, chunks)
	})
	group.Go(func() error {
		defer close(batches)
		return r.convertAll(ctx, chunks, batches)
	})
	group.Go(func() error { return deliver(ctx, batches) })
	return group.Wait()
}

func (r *reading) readSpans(ctx context.Context, spans []span, at moment, chunks chan<- chunk) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.parallelism)
	for _, s := range spans {
		group.Go(func() error {
			return r.as(ctx, at, func(ctx context.Context) error { return r.readSpan(ctx, s, chunks) })
		})
	}
	return group.Wait()
}

func (r *reading) readSpan(ctx context.Context, s span, chunks chan<- chunk) error {
	q := r.query
	q.span = s
	var full chunk
	send := func() error {
		if len(full.documents) == 0 {
			return nil
		}
		select {
		case chunks <- full:
			full = chunk{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := r.scan(ctx, q, func(document bson.Raw) error {
		full.add(document)
		if full.full(r.request.BatchSize) {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return send()
}

func (r *reading) convertAll(ctx context.Context, chunks <-chan chunk, batches chan<- *rows) error {
	group, ctx := errgroup.WithContext(ctx)
	for range delivery.Threads(r.request.Staging) {
		group.Go(func() error {
			convert := newConverter(r.request.Columns, r.namespace(), r.unplaced)
			for full := range chunks {
				batch, err := convert.rows(full)
				if err != nil {
					return err
				}
				select {
				case batches <- batch:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// deliver numbers rows as they come: bad ones have none.
func (r *reading) deliver(ctx context.Context, batches <-chan *rows, d *delivery.Delivery) error {
	next := int64(1)
	for batch := range batches {
		if r.visit != nil {
			r.visit(batch.chunk)
		}
		if r.leave != nil {
			r.leave(batch.left)
		}
		n := batch.record.NumRows()
		if err := d.Bad(ctx, batch.bad); err != nil {
			return handed(err)
		}
		if err := d.Rows(ctx, delivery.Rows{Record: batch.record, Source: r.namespace(), Numbers: delivery.Numbers{First: next}}); err != nil {
			return handed(err)
		}
		next += n
		d.Read(batch.bytes)
	}
	return nil
}
