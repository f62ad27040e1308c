package host

import (
	"context"
	"sync"

	"github.com/automic-etl/etl/plugins/dataplane"
)

// Host starts each provider once and shares it. It is safe for concurrent use.
type Host struct {
	options Options
	spawner *spawner
	budget  *dataplane.Budget
	memory  *dataplane.Memory

	mu     sync.Mutex
	slots  map[string]*slot
	closed bool
}

// slot is the place of one provider's process.
type slot struct {
	turn    chan struct{} // holds one token; who has it may start the process
	current *running
}

// New makes a host. No process is started before it is needed.
func New(o Options) *Host {
	o = o.withDefaults()
	return &Host{
		options: o, spawner: newSpawner(), slots: map[string]*slot{},
		budget: dataplane.NewBudget(o.BudgetBytes), memory: dataplane.NewMemory(int(o.BudgetBytes)),
	}
}

// Peak is the most bytes of frames that were ever held at once, over all reads.
func (h *Host) Peak() int64 { return h.budget.Peak() }

// Source returns the provider, started.
func (h *Host) Source(ctx context.Context, provider string) (*Client, error) {
	r, err := h.running(ctx, provider)
	if err != nil {
		return nil, err
	}
	return &Client{host: h, provider: provider, schema: r.schema, capabilities: r.capabilities}, nil
}

// running returns the provider's process, and starts one where there is none or the last one died.
func (h *Host) running(ctx context.Context, provider string) (*running, error) {
	s, err := h.slot(provider)
	if err != nil {
		return nil, err
	}
	select {
	case <-s.turn:
		defer func() { s.turn <- struct{}{} }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.current != nil && s.current.alive() {
		return s.current, nil
	}
	if s.current != nil {
		s.current.end(0)
		s.current = nil
	}
	if h.isClosed() {
		return nil, ErrClosed
	}
	s.current, err = h.start(ctx, provider)
	return s.current, err
}

func (h *Host) slot(provider string) (*slot, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	s, there := h.slots[provider]
	if !there {
		s = &slot{turn: make(chan struct{}, 1)}
		s.turn <- struct{}{}
		h.slots[provider] = s
	}
	return s, nil
}

func (h *Host) isClosed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed
}

// Close ends all plugins: asked first, made after five seconds or when ctx ends. When it returns, no process is left.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil
	}
	h.closed = true
	h.mu.Unlock()
	var ends sync.WaitGroup
	for _, s := range h.slots { // no new ones once it is closed
		ends.Go(func() { s.close(ctx) })
	}
	ends.Wait()
	h.spawner.close()
	return nil
}

func (s *slot) close(ctx context.Context) {
	<-s.turn // a start that is under way ends first
	defer func() { s.turn <- struct{}{} }()
	if s.current == nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _ = s.current.process.Kill(ctx) })
	defer stop()
	s.current.end(graceTime)
}
