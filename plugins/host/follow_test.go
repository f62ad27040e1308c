package host_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// following is a Follower that says what it was asked, and does what its source's fault says.
type following struct{ numbers.Provider }

// plain hides that the provider below it is a Follower.
type plain struct{ sdk.Provider }

func (following) Schema() schema.Provider {
	s := numbers.Provider{}.Schema()
	s.Name = "following"
	for i, a := range s.Source.Attributes {
		if a.Name == "fault" {
			s.Source.Attributes[i].OneOf = nil
		}
	}
	return s
}

func (p plain) Schema() schema.Provider {
	s := p.Provider.Schema()
	s.Name = "plain"
	return s
}

func (following) Capabilities() sdk.Capabilities { return sdk.Capabilities{Replay: true} }

// followed is the largest plan that there is.
func followed() *sdk.PlanResponse {
	return &sdk.PlanResponse{
		Columns: coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long), Required: true}}, Resumable: true, Changed: true,
		Rows: 1, Bytes: 2, AtLeast: true, Until: []byte("0/1"), Position: "one change", Fingerprint: "f", Partitions: []string{"a"},
		Warnings: sdk.Diagnostics{sdk.Warning("Slow", "It has no index.", "cursor")}, FieldChanges: []string{"n int to long"},
		Key: []string{"n", "m"}, Overlap: &sdk.Overlap{Column: "at", From: "2026-01-01"}, Creates: []string{"slot etl_shop_n"}, Snapshot: true,
		Lost: []string{"1 vanished file: a.csv"},
	}
}

func offered() []sdk.Stream {
	return []sdk.Stream{{
		Name: "public.n", Columns: followed().Columns, Keys: [][]string{{"n", "m"}, {"n"}}, Cursors: []string{"at"}, Unindexed: []string{"at"}, Rows: -1, Bytes: 7,
		Attributes: map[string]string{"table": "public.n\uFFFD"},
	}}
}

// Discover is asked for names that are no text.
func (following) Discover(context.Context, sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	streams := offered()
	streams[0].Attributes["table"] = "public.n\xff"
	return streams, nil
}

func (following) Plan(context.Context, sdk.Config, sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	return followed(), nil
}

func (p following) Prepare(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	return p.asked(ctx, "Prepare", cfg, nil)
}

func (p following) Acknowledge(ctx context.Context, cfg sdk.Config, cursor map[string][]byte) sdk.Diagnostics {
	return p.asked(ctx, "Acknowledge", cfg, cursor)
}

func (p following) Release(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	return p.asked(ctx, "Release", cfg, nil)
}

func (following) asked(ctx context.Context, call string, cfg sdk.Config, cursor map[string][]byte) sdk.Diagnostics {
	fault := cfg.Source.GetAttr("fault")
	if fault.IsNull() {
		return sdk.Diagnostics{sdk.Warning("Asked", fmt.Sprintf("%s of %s in %s of %s from %q", call, cfg.Address, cfg.Project, cfg.Lakehouse, cursor), "rows")}
	}
	switch fault.AsString() {
	case "crash":
		go panic("the call crashed")
		select {}
	case "panic":
		panic("the call panicked")
	case "hang":
		select {}
	case "wait":
		<-ctx.Done()
		return sdk.Errorf("Cancelled", "%s.", ctx.Err())
	}
	return sdk.Errorf("Refused", "The source says no to %s.", call)
}

// followCalls are the calls of a Follower.
func followCalls() map[string]func(context.Context, *host.Client, sdk.Config) (sdk.Diagnostics, error) {
	return map[string]func(context.Context, *host.Client, sdk.Config) (sdk.Diagnostics, error){
		"Prepare": func(ctx context.Context, c *host.Client, cfg sdk.Config) (sdk.Diagnostics, error) {
			return c.Prepare(ctx, cfg)
		},
		"Acknowledge": func(ctx context.Context, c *host.Client, cfg sdk.Config) (sdk.Diagnostics, error) {
			return c.Acknowledge(ctx, cfg, map[string][]byte{"": []byte("0/7")})
		},
		"Release": func(ctx context.Context, c *host.Client, cfg sdk.Config) (sdk.Diagnostics, error) {
			return c.Release(ctx, cfg)
		},
	}
}

func faulty(c *host.Client, fault string) sdk.Config {
	cfg := config(c, rows(1))
	cfg.Project, cfg.Lakehouse, cfg.Mode = "shop", "lakehouse", schema.Delta
	if fault != "" {
		cfg.Source = config(c, rows(1).fault(fault, 0)).Source
	}
	return cfg
}

func TestFollowing(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "following")
	if got := c.Capabilities(); got != (sdk.Capabilities{Replay: true, Follow: true}) {
		t.Errorf("its capabilities are %+v", got)
	}
	if p := plan(t, c, faulty(c, "")); !reflect.DeepEqual(p, followed()) {
		t.Errorf("planned %+v", p)
	}
	if streams, ds, err := c.Discover(t.Context(), faulty(c, "")); err != nil || ds != nil || !reflect.DeepEqual(streams, offered()) {
		t.Errorf("discovered %+v, %v, %v", streams, ds, err)
	}
	for name, call := range followCalls() {
		ds, err := call(t.Context(), c, faulty(c, ""))
		want := name + " of source.numbers.test in shop of lakehouse from map[]"
		if name == "Acknowledge" {
			want = name + ` of source.numbers.test in shop of lakehouse from map["":"0/7"]`
		}
		if err != nil || !reflect.DeepEqual(ds, sdk.Diagnostics{sdk.Warning("Asked", want, "rows")}) {
			t.Errorf("%s gave %v, %v", name, ds, err)
		}
		ds, err = call(t.Context(), c, faulty(c, "refuse"))
		if err != nil || ds.Error() != "Refused: The source says no to "+name+"." {
			t.Errorf("%s refused gave %v, %v", name, ds, err)
		}
	}
}

// A provider that isn't a Follower, and one that doesn't know the calls at all, say so in the same way.
func TestFollowingIsUnsupported(t *testing.T) {
	h, _ := open(t, host.Options{})
	for _, provider := range []string{"plain", "raw"} {
		c := client(t, h, provider)
		if c.Capabilities().Follow {
			t.Errorf("%s claims to follow", provider)
		}
		for name, call := range followCalls() {
			ds, err := call(t.Context(), c, faulty(c, ""))
			var unsupported *host.UnsupportedError
			if ds != nil || !errors.As(err, &unsupported) || !strings.Contains(err.Error(), name) || unsupported.Provider != provider ||
				unsupported.Address != "source.numbers.test" {
				t.Errorf("%s of %s gave %v, %v", name, provider, ds, err)
			}
		}
		if _, _, err := c.Discover(t.Context(), faulty(c, "")); (err == nil) != (provider == "plain") {
			t.Errorf("the next call of %s gave %v", provider, err)
		}
	}
}

func TestFaultsInFollowing(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "following")
	for name, call := range followCalls() {
		_, err := call(t.Context(), c, faulty(c, "crash"))
		var died *host.DiedError
		if !errors.As(err, &died) || died.Exit != "exit status 2" || !slices.Contains(died.Stderr, "panic: the call crashed") ||
			died.Address != "source.numbers.test" {
			t.Errorf("a crash in %s gave %v", name, err)
		}
		ds, err := call(t.Context(), c, faulty(c, "panic"))
		if err != nil || !strings.Contains(ds.Error(), "It panicked while ") || !strings.Contains(ds.Error(), ": the call panicked.") {
			t.Errorf("a panic in %s gave %v, %v", name, ds, err)
		}
		before := processes()
		if err := cancelled(t, c, call, "wait"); !errors.Is(err, context.Canceled) {
			t.Errorf("%s, cancelled, gave %v", name, err)
		}
		if after := processes(); !reflect.DeepEqual(before, after) {
			t.Errorf("%s stopped when asked, and yet was ended: %v, then %v", name, before, after)
		}
		if ds, err := call(t.Context(), c, faulty(c, "")); err != nil || ds.HasErrors() {
			t.Errorf("%s after its faults gave %v, %v", name, ds, err)
		}
	}
}

// A provider that ignores cancellation is ended, and the next call starts it again.
func TestHangingFollowerIsEnded(t *testing.T) {
	for name, call := range followCalls() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, _ := open(t, host.Options{})
			c := client(t, h, "following")
			if err := cancelled(t, c, call, "hang"); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
			if ds, err := call(t.Context(), c, faulty(c, "")); err != nil || ds.HasErrors() {
				t.Errorf("the call after it gave %v, %v", ds, err)
			}
		})
	}
}

func cancelled(t *testing.T, c *host.Client, call func(context.Context, *host.Client, sdk.Config) (sdk.Diagnostics, error), fault string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	_, err := call(ctx, c, faulty(c, fault))
	return err
}

// Read reads nothing and says how it was asked.
func (following) Read(ctx context.Context, _ sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	return out.Checkpoint(ctx, "", fmt.Append(nil, req.KeysOnly))
}

func TestKeysOnlyArrives(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "following")
	for _, keysOnly := range []bool{true, false} {
		var s sink
		req := sdk.ReadRequest{Columns: followed().Columns, KeysOnly: keysOnly}
		if err := c.Read(t.Context(), faulty(c, ""), req, &s); err != nil || string(s.checkpoints[0]) != fmt.Sprint(keysOnly) {
			t.Errorf("%v arrived as %s, %v", keysOnly, s.checkpoints, err)
		}
	}
}
