package sdk

import (
	"context"
	"sync"
)

// calls knows what is running, so that Stop can cancel it and wait for its end.
type calls struct {
	mu      sync.Mutex
	running map[string]*call
}

type call struct {
	cancel context.CancelFunc
	ended  chan struct{}
}

// begin registers a call. The caller must call end.
func (c *calls) begin(ctx context.Context, name string) (_ context.Context, end func()) {
	ctx, cancel := context.WithCancel(ctx)
	running := &call{cancel: cancel, ended: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running[name] = running
	return ctx, func() {
		cancel()
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.running[name] == running {
			delete(c.running, name)
		}
		close(running.ended)
	}
}

// stop cancels a call, or all with the empty name, and waits until they have ended.
func (c *calls) stop(ctx context.Context, name string) error {
	for _, running := range c.named(name) {
		running.cancel()
	}
	for _, running := range c.named(name) {
		select {
		case <-running.ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (c *calls) named(name string) []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []*call
	for key, running := range c.running {
		if name == "" || key == name {
			found = append(found, running)
		}
	}
	return found
}
