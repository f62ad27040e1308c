package mongodb

import (
	"context"

	"github.com/automic-etl/etl/plugins/sdk"
)

var _ sdk.Follower = (*Provider)(nil)

// Prepare creates nothing: the server keeps changes for all who may read them.
func (*Provider) Prepare(context.Context, sdk.Config) sdk.Diagnostics { return nil }

// Acknowledge tells nobody: the server keeps changes as long as its oplog reaches back, whoever has read them.
func (*Provider) Acknowledge(context.Context, sdk.Config, map[string][]byte) sdk.Diagnostics {
	return nil
}

// Release drops nothing.
func (*Provider) Release(context.Context, sdk.Config) sdk.Diagnostics { return nil }
