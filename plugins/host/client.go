package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"google.golang.org/grpc"

	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Client is one provider. It is safe for concurrent use and outlives its process: a call after a death starts a new one.
//
// Diagnostics are the provider's own and carry its errors; an error means that the provider could not be asked.
type Client struct {
	host         *Host
	provider     string
	schema       schema.Provider
	capabilities sdk.Capabilities
}

// Schema is the provider's description of its blocks.
func (c *Client) Schema() schema.Provider { return c.schema }

// Capabilities are what the host may rely on.
func (c *Client) Capabilities() sdk.Capabilities { return c.capabilities }

// Validate checks a block without touching the source.
func (c *Client) Validate(ctx context.Context, cfg sdk.Config) (sdk.Diagnostics, error) {
	return c.diagnose(ctx, cfg, pb.ProviderClient.Validate)
}

// Check opens the source cheaply.
func (c *Client) Check(ctx context.Context, cfg sdk.Config) (sdk.Diagnostics, error) {
	return c.diagnose(ctx, cfg, pb.ProviderClient.Check)
}

type diagnosing = func(pb.ProviderClient, context.Context, *pb.ConfigRequest, ...grpc.CallOption) (*pb.DiagnosticsResponse, error)

func (c *Client) diagnose(ctx context.Context, cfg sdk.Config, method diagnosing) (sdk.Diagnostics, error) {
	var out *pb.DiagnosticsResponse
	err := c.call(ctx, cfg, func(ctx context.Context, r *running, name string, config *pb.Config) (err error) {
		out, err = method(r.rpc, ctx, &pb.ConfigRequest{Call: name, Config: config})
		return err
	})
	return decodeDiagnostics(out.GetDiagnostics()), err
}

// Discover lists what the source offers.
func (c *Client) Discover(ctx context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics, error) {
	var out *pb.DiscoverResponse
	err := c.call(ctx, cfg, func(ctx context.Context, r *running, name string, config *pb.Config) (err error) {
		out, err = r.rpc.Discover(ctx, &pb.ConfigRequest{Call: name, Config: config})
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	streams, err := decodeStreams(out.Streams)
	if err != nil {
		return nil, nil, c.broke(cfg, err)
	}
	return streams, decodeDiagnostics(out.Diagnostics), nil
}

// Plan says what a read would do. The response is nil where the diagnostics have errors.
func (c *Client) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics, error) {
	request, err := c.planRequest(req)
	if err != nil {
		return nil, nil, err
	}
	var out *pb.PlanResponse
	err = c.call(ctx, cfg, func(ctx context.Context, r *running, name string, config *pb.Config) (err error) {
		request.Call, request.Config = name, config
		out, err = r.rpc.Plan(ctx, request)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	ds := decodeDiagnostics(out.Diagnostics)
	if ds.HasErrors() || !out.Planned {
		return nil, ds, nil
	}
	plan, err := decodePlan(out)
	if err != nil {
		return nil, nil, c.broke(cfg, err)
	}
	return plan, ds, nil
}

func (c *Client) planRequest(req sdk.PlanRequest) (*pb.PlanRequest, error) {
	columns, err := pb.EncodeColumns(req.Columns)
	if err != nil {
		return nil, fmt.Errorf("encoding the recorded columns: %w", err)
	}
	if req.CacheDir == "" && c.host.options.CacheDir != "" {
		req.CacheDir = filepath.Join(c.host.options.CacheDir, c.provider)
		if err := os.MkdirAll(req.CacheDir, 0o700); err != nil {
			return nil, fmt.Errorf("making the provider's cache folder: %w", err)
		}
	}
	return &pb.PlanRequest{Cursor: req.Cursor, Discarded: req.Discarded, Columns: columns, CacheDir: req.CacheDir}, nil
}

// call encodes the configuration and makes a call on the provider's process.
func (c *Client) call(ctx context.Context, cfg sdk.Config,
	method func(ctx context.Context, r *running, name string, config *pb.Config) error) error {
	config, err := encodeConfig(cfg)
	if err != nil {
		return err
	}
	r, err := c.host.running(ctx, c.provider)
	if err != nil {
		return err
	}
	return r.call(ctx, cfg.Address, func(ctx context.Context, name string) error {
		return method(ctx, r, name, config)
	})
}

func (c *Client) broke(cfg sdk.Config, err error) error {
	return &ProtocolError{Provider: c.provider, Address: cfg.Address, Reason: err.Error()}
}

// Goroutines is how many the provider's process has, to see whether its calls leave any behind; 0 where it doesn't tell.
func (c *Client) Goroutines(ctx context.Context) (int64, error) {
	r, err := c.host.running(ctx, c.provider)
	if err != nil {
		return 0, err
	}
	out, err := r.rpc.Ping(ctx, &pb.PingRequest{})
	if err != nil {
		return 0, fmt.Errorf("asking the provider %q how many goroutines it has: %w", c.provider, err)
	}
	return out.Goroutines, nil
}

// Kill ends the provider's process as a crash would, to see what is made of that. It returns when the process is gone.
func (c *Client) Kill(ctx context.Context) error {
	r, err := c.host.running(ctx, c.provider)
	if err != nil {
		return err
	}
	if err := r.process.Kill(ctx); err != nil {
		return err
	}
	return r.process.Wait(ctx)
}
