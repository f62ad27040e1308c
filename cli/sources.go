package cli

import (
	"context"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// sources asks and reads sources through their providers' processes.
type sources struct{ host *host.Host }

func (s sources) Plan(ctx context.Context, provider string, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, nil, err
	}
	return client.Plan(ctx, cfg, req)
}

func (s sources) Read(ctx context.Context, provider string, cfg sdk.Config, req sdk.ReadRequest, sink host.Sink) error {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return err
	}
	return client.Read(ctx, cfg, req, sink)
}

func (s sources) Prepare(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, err
	}
	return client.Prepare(ctx, cfg)
}

func (s sources) Acknowledge(ctx context.Context, provider string, cfg sdk.Config, cursor map[string][]byte) (sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, err
	}
	return client.Acknowledge(ctx, cfg, cursor)
}

func (s sources) Release(ctx context.Context, provider string, cfg sdk.Config) (sdk.Diagnostics, error) {
	client, err := s.host.Source(ctx, provider)
	if err != nil {
		return nil, err
	}
	return client.Release(ctx, cfg)
}
