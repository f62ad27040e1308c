// Package ordered works on pieces in parallel and hands the results on in the pieces' order.
package ordered

import (
	"context"
	"errors"
	"io"
	"sync"
)

// task is a piece on its way through a worker.
type task[P, R any] struct {
	piece P
	done  chan R // of capacity 1: a worker never waits for the results before its own
}

// Run takes pieces from next until it returns io.EOF, works on up to workers of them at once, and calls deliver for
// each result in order, from the calling goroutine. The first error ends everything; no goroutine outlives the call.
func Run[P, R any](
	ctx context.Context, workers int, next func() (P, error), work func(P) R, deliver func(R) error,
) error {
	workers = max(workers, 1)
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()

	todo := make(chan task[P, R])
	inOrder := make(chan task[P, R], workers)
	var produced error
	group.Go(func() {
		defer close(inOrder)
		defer close(todo)
		produced = produce(ctx, next, todo, inOrder)
	})
	for range workers {
		group.Go(func() {
			for t := range todo {
				t.done <- work(t.piece)
			}
		})
	}
	for t := range inOrder {
		select {
		case result := <-t.done:
			if err := deliver(result); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return produced
}

func produce[P, R any](ctx context.Context, next func() (P, error), todo, inOrder chan<- task[P, R]) error {
	for {
		piece, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		t := task[P, R]{piece, make(chan R, 1)}
		for _, to := range []chan<- task[P, R]{inOrder, todo} {
			select {
			case to <- t:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
