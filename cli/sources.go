package cli

import (
	"context"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// sources asks and reads sources through their providers' processes, and keeps what they say free of secrets.
type sources struct {
	host    *host.Host
	secrecy *secrecy
}

func (w *workspace) sources() sources { return sources{w.host, &w.secrecy} }

func (s sources) Plan(ctx context.Context, provider string, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, nil, err
	}
	plan, said, err := client.Plan(ctx, cfg, req)
	return s.secrecy.plan(plan), s.secrecy.diagnostics(said), s.secrecy.failure(err)
}

func (s sources) Read(ctx context.Context, provider string, cfg sdk.Config, req sdk.ReadRequest, sink host.Sink) error {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return err
	}
	return s.secrecy.failure(client.Read(ctx, cfg, req, discreet{sink, s.secrecy}))
}

func (s sources) Prepare(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error) {
	return s.ask(ctx, provider, func(c *host.Client) (sdk.Diagnostics, error) { return c.Prepare(ctx, cfg) })
}

func (s sources) Acknowledge(ctx context.Context, provider string, cfg sdk.Config, cursor map[string][]byte) (sdk.Diagnostics, error) {
	return s.ask(ctx, provider, func(c *host.Client) (sdk.Diagnostics, error) { return c.Acknowledge(ctx, cfg, cursor) })
}

func (s sources) Release(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error) {
	return s.ask(ctx, provider, func(c *host.Client) (sdk.Diagnostics, error) { return c.Release(ctx, cfg) })
}

func (s sources) ask(ctx context.Context, provider string, call func(*host.Client) (sdk.Diagnostics, error)) (sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, err
	}
	said, err := call(client)
	return s.secrecy.diagnostics(said), s.secrecy.failure(err)
}
