package host_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// goroutines are the stacks of all goroutines by their number.
func goroutines() map[string]string {
	text := make([]byte, 1<<20)
	for n := runtime.Stack(text, true); ; n = runtime.Stack(text, true) {
		if n < len(text) {
			text = text[:n]
			break
		}
		text = make([]byte, 2*len(text))
	}
	all := map[string]string{}
	for _, stack := range strings.Split(string(text), "\n\n") {
		number, _, _ := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " ")
		all[number] = stack
	}
	return all
}

// leftovers are the goroutines that weren't there before, once they had time to end.
func leftovers(before map[string]string) (left []string) {
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		left = nil
		for number, stack := range goroutines() {
			if _, known := before[number]; !known {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return nil
		}
	}
	return left
}

// TestHostLeavesNoGoroutines: whatever became of its calls, a closed host has nothing running.
func TestHostLeavesNoGoroutines(t *testing.T) {
	for name, use := range map[string]func(t *testing.T, h *host.Host){
		"nothing was asked": func(*testing.T, *host.Host) {},
		"calls that end": func(t *testing.T, h *host.Host) {
			c := client(t, h, "numbers")
			var s sink
			if err := read(t.Context(), t, c, rows(500), &s); err != nil {
				t.Error(err)
			}
			if _, err := c.Validate(t.Context(), config(c, rows(1))); err != nil {
				t.Error(err)
			}
		},
		"a cancelled read": func(t *testing.T, h *host.Host) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error { cancel(); return nil }}
			if err := read(ctx, t, client(t, h, "numbers"), rows(5000), &s); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		},
		"a cancelled plan": func(t *testing.T, h *host.Host) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			c := client(t, h, "numbers")
			if _, _, err := c.Plan(ctx, config(c, rows(1).fault("plan-wait", 0)), sdk.PlanRequest{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		},
		"a call that never ends": func(t *testing.T, h *host.Host) {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			c := client(t, h, "numbers")
			if _, _, err := c.Plan(ctx, config(c, rows(1).fault("plan-hang", 0)), sdk.PlanRequest{}); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		},
		"a death in the middle": func(t *testing.T, h *host.Host) {
			var died *host.DiedError
			if err := read(t.Context(), t, client(t, h, "numbers"), rows(1000).fault("crash", 500), &sink{}); !errors.As(err, &died) {
				t.Error(err)
			}
		},
		"a sink that fails": func(t *testing.T, h *host.Host) {
			full := errors.New("full")
			s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error { return full }}
			if err := read(t.Context(), t, client(t, h, "numbers"), rows(5000), &s); !errors.Is(err, full) {
				t.Error(err)
			}
		},
		"a wrong batch": func(t *testing.T, h *host.Host) {
			var said sdk.Diagnostics
			if err := read(t.Context(), t, client(t, h, "numbers"), rows(1000).fault("wrong", 500), &sink{}); !errors.As(err, &said) {
				t.Error(err)
			}
		},
		"providers that don't start": func(t *testing.T, h *host.Host) {
			for _, provider := range []string{"printing", "exiting", "nobody"} {
				if _, err := h.Source(t.Context(), provider); err == nil {
					t.Errorf("%s was started", provider)
				}
			}
		},
		"a read under way": func(t *testing.T, h *host.Host) {
			started := make(chan struct{})
			s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error {
				select {
				case <-started:
				default:
					close(started)
				}
				return nil
			}}
			c := client(t, h, "numbers")
			ended := make(chan error, 1)
			go func() { ended <- read(t.Context(), t, c, rows(1000).fault("wait", 100), &s) }()
			<-started
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if err := <-ended; err == nil {
				t.Error("the read outlived its host")
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := goroutines()
			h, _ := open(t, host.Options{})
			use(t, h)
			if err := h.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if left := leftovers(before); len(left) > 0 {
				t.Errorf("%d goroutines are left:\n\n%s", len(left), strings.Join(left, "\n\n"))
			}
		})
	}
}
