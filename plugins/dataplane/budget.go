package dataplane

import (
	"context"
	"sync"
)

// Budget bounds the bytes of frames that are received and not yet taken in, over all connections of a host. Each
// connection may always hold one frame, so that no partition ever waits for another.
type Budget struct {
	mu      sync.Mutex
	limit   int64
	used    int64
	peak    int64
	changed chan struct{} // closed and replaced when bytes come back
}

// NewBudget bounds to limit bytes, but for one frame a connection.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: limit, changed: make(chan struct{})}
}

// Peak is the most bytes that were ever held at once.
func (b *Budget) Peak() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.peak
}

// Account is one connection's part of a budget.
type Account struct {
	budget *Budget
	frames int
	bytes  int64
}

// Account opens an account.
func (b *Budget) Account() *Account { return &Account{budget: b} }

// Take waits until n bytes may be held.
func (a *Account) Take(ctx context.Context, n int64) error {
	for {
		changed := a.try(n)
		if changed == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// try returns nil where the bytes were taken, else what to wait for.
func (a *Account) try(n int64) <-chan struct{} {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	if a.frames > 0 && b.used+n > b.limit {
		return b.changed
	}
	a.frames++
	a.bytes += n
	b.used += n
	b.peak = max(b.peak, b.used)
	return nil
}

// Give returns the bytes of one frame.
func (a *Account) Give(n int64) {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	a.frames--
	a.bytes -= n
	b.back(n)
}

// Close returns what a connection that ended early still holds.
func (a *Account) Close() {
	b := a.budget
	b.mu.Lock()
	defer b.mu.Unlock()
	b.back(a.bytes)
	a.frames, a.bytes = 0, 0
}

// back is called under the lock.
func (b *Budget) back(n int64) {
	b.used -= n
	close(b.changed)
	b.changed = make(chan struct{})
}
