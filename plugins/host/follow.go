package host

import (
	"context"

	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/sdk"
)

// The calls of sdk.Follower. A provider without the capability Follow answers with an UnsupportedError.

// Prepare creates what following the source needs there, or finds it.
func (c *Client) Prepare(ctx context.Context, cfg sdk.Config) (sdk.Diagnostics, error) {
	return c.diagnose(ctx, cfg, pb.ProviderClient.Prepare)
}

// Acknowledge tells the source that everything up to the cursor is committed.
func (c *Client) Acknowledge(ctx context.Context, cfg sdk.Config, cursor map[string][]byte) (sdk.Diagnostics, error) {
	var out *pb.DiagnosticsResponse
	err := c.call(ctx, cfg, func(ctx context.Context, r *running, name string, config *pb.Config) (err error) {
		out, err = r.rpc.Acknowledge(ctx, &pb.AcknowledgeRequest{Call: name, Config: config, Cursor: cursor})
		return err
	})
	return decodeDiagnostics(out.GetDiagnostics()), err
}

// Release drops what Prepare created.
func (c *Client) Release(ctx context.Context, cfg sdk.Config) (sdk.Diagnostics, error) {
	return c.diagnose(ctx, cfg, pb.ProviderClient.Release)
}
