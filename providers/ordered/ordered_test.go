package ordered

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
)

// counting hands out 0, 1, … and then an error.
func counting(n int, last error) func() (int, error) {
	next := -1
	return func() (int, error) {
		if next++; next == n {
			return 0, last
		}
		return next, nil
	}
}

// uneven lets later pieces overtake earlier ones.
func uneven(i int) int {
	for range (i * 7919) % 5 {
		runtime.Gosched()
	}
	return i * i
}

func TestOrder(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7} {
		var got, want []int
		err := Run(context.Background(), workers, counting(500, io.EOF), uneven, func(r int) error {
			got = append(got, r)
			return nil
		})
		for i := range 500 {
			want = append(want, i*i)
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%d workers: %v, %v", workers, err, got)
		}
	}
}

func TestErrorsEndEverything(t *testing.T) {
	broken := errors.New("broken")
	delivered := 0
	err := Run(context.Background(), 3, counting(10, broken), uneven, func(int) error { delivered++; return nil })
	if !errors.Is(err, broken) || delivered != 10 {
		t.Errorf("reading: %v after %d", err, delivered)
	}
	err = Run(context.Background(), 3, counting(1000, io.EOF), uneven, func(r int) error {
		if r == 25 {
			return broken
		}
		return nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("delivering: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var worked atomic.Int64
	err = Run(ctx, 3, counting(1<<30, io.EOF), func(i int) int {
		if worked.Add(1) == 50 {
			cancel()
		}
		return i
	}, func(int) error { return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
