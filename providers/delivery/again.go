package delivery

import (
	"context"
	"errors"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/sdk"
)

const (
	// heldBytes is how much of what a read sends is kept back, so that it can begin again.
	heldBytes = 32 << 20
	// Attempts are firstPause to longestPause apart. The server may be away for patience.
	firstPause   = 100 * time.Millisecond
	longestPause = 5 * time.Second
	patience     = 3 * time.Minute
	// An attempt that lasted for steady had reached the server; after so many of them that failed, another one won't do.
	steady = 10 * time.Second
	rounds = 5
)

// Again reads, and where that fails by something that passes, such as a lost connection, it reads again from the beginning:
// rows of two states of a source don't fit together. It can as long as the host has got nothing: files and their bad rows
// are told at the end of a read, and of batches the first are kept back. After that the error stands.
func Again(ctx context.Context, out sdk.Output, passes func(error) bool, read func(sdk.Output) error) error {
	pause, since, failed := firstPause, time.Now(), 0
	for {
		h := &held{Output: out}
		began := time.Now()
		err := read(h)
		if warned(err) {
			if stopped := h.release(ctx); stopped != nil {
				return stopped
			}
			return err
		}
		h.drop()
		if time.Since(began) > steady {
			pause, since, failed = firstPause, time.Now(), failed+1
		}
		if h.gone || ctx.Err() != nil || !passes(err) || failed == rounds || time.Since(since) > patience {
			return err
		}
		sdk.Logger(ctx).Warn("The source was lost before any row was handed over, and is read anew", "reason", err.Error())
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
		pause = min(2*pause, longestPause)
	}
}

// warned holds for a read that went well, with something to say or without.
func warned(err error) bool {
	var said sdk.Diagnostics
	return err == nil || errors.As(err, &said) && !said.HasErrors()
}

// held keeps back what it is told until that is too much.
type held struct {
	sdk.Output
	told   []told
	memory datafile.Memory
	gone   bool // the host has got something
}

// told is a call that was kept back.
type told struct {
	tell func(context.Context) error
	drop func()
}

func (h *held) keep(ctx context.Context, tell func(context.Context) error, drop func()) error {
	h.told = append(h.told, told{tell, drop})
	if h.gone || h.memory.Bytes > heldBytes {
		return h.release(ctx)
	}
	return ctx.Err()
}

// release tells the host all that was kept back.
func (h *held) release(ctx context.Context) error {
	defer h.drop()
	h.gone = true
	for _, t := range h.told {
		if err := t.tell(ctx); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (h *held) drop() {
	for _, t := range h.told {
		t.drop()
	}
	h.told, h.memory = nil, datafile.Memory{}
}

func nothing() {}

// Batch implements sdk.Output.
func (h *held) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	if h.gone {
		return h.Output.Batch(ctx, rows)
	}
	rows.Retain()
	h.memory.Add(rows)
	return h.keep(ctx, func(ctx context.Context) error { return h.Output.Batch(ctx, rows) }, rows.Release)
}

// Origin implements sdk.Output.
func (h *held) Origin(source string, firstRow int64) {
	if h.gone {
		h.Output.Origin(source, firstRow)
		return
	}
	tell := func(context.Context) error {
		h.Output.Origin(source, firstRow)
		return nil
	}
	h.told = append(h.told, told{tell, nothing})
}

// File implements sdk.Output.
func (h *held) File(ctx context.Context, f sdk.File) error {
	return h.keep(ctx, func(ctx context.Context) error { return h.Output.File(ctx, f) }, nothing)
}

// Bad implements sdk.Output.
func (h *held) Bad(ctx context.Context, rows []sdk.BadRow) error {
	for _, row := range rows {
		h.memory.Bytes += int64(len(row.Raw) + len(row.Reason))
	}
	return h.keep(ctx, func(ctx context.Context) error { return h.Output.Bad(ctx, rows) }, nothing)
}

// Checkpoint implements sdk.Output.
func (h *held) Checkpoint(ctx context.Context, partition string, cursor []byte) error {
	return h.keep(ctx, func(ctx context.Context) error { return h.Output.Checkpoint(ctx, partition, cursor) }, nothing)
}
