// Package mongodb reads collections of MongoDB: all documents, the new ones by a cursor, or change by change from a
// change stream. Documents become rows with the columns that their fields have in common.
package mongodb

import (
	"context"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
)

// Provider serves MongoDB through the public SDK.
type Provider struct{}

// New is the provider mongodb.
func New() *Provider { return &Provider{} }

// Capabilities say that a collection can be read again from a cursor and up to a bound, and handed over as Parquet.
func (*Provider) Capabilities() sdk.Capabilities {
	return sdk.Capabilities{Replay: true, Bounds: true, Files: true}
}

// Validate checks the attributes without a server.
func (*Provider) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	_, diags := decodeSettings(cfg)
	return diags
}

// settle decodes what must all be known.
func settle(cfg sdk.Config) (settings, sdk.Diagnostics) {
	if !known(cfg.Connection) || !known(cfg.Source) || !known(cfg.Extract) {
		return settings{}, sdk.Errorf("Configuration not known yet",
			"The attributes of the source and its connection are not all known, so that the server can't be asked.")
	}
	return decodeSettings(cfg)
}

func known(v cty.Value) bool { return v == cty.NilVal || v.IsWhollyKnown() }

// Check connects and looks for the collection.
func (*Provider) Check(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	c, diags := open(cfg)
	if c == nil {
		return diags
	}
	defer c.close()
	_, more := c.describe(ctx)
	return append(diags, more...)
}

// Plan says what a read would do, in the words of its mode.
func (*Provider) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	c, diags := open(cfg)
	if c == nil {
		return nil, diags
	}
	defer c.close()
	response, more := c.plan(ctx, req)
	if response != nil {
		more = append(more, c.ambiguousIDs(ctx)...)
	}
	return response, append(diags, more...)
}

func (c *collection) plan(ctx context.Context, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	info, missing := c.describe(ctx)
	switch {
	case c.mode == schema.Delta:
		return c.planDelta(ctx, info, missing, req)
	case missing.HasErrors():
		return nil, missing
	case c.mode == schema.Incremental:
		return c.planIncremental(ctx, info, req)
	}
	return c.planBatch(ctx, info, req)
}

// Read reads what a plan saw.
func (*Provider) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	c, diags := open(cfg)
	if c == nil {
		return diags
	}
	defer c.close()
	if c.mode == schema.Delta && !req.KeysOnly {
		return c.explained(c.readDelta(ctx, req, out))
	}
	read := c.readBatch
	switch {
	case req.KeysOnly:
		read = c.readKeys
	case c.mode == schema.Incremental:
		read = c.readIncremental
	}
	return c.explained(delivery.Again(ctx, out, interrupted, func(out sdk.Output) error {
		if err := c.client.Ping(ctx, nil); err != nil {
			return err
		}
		return read(ctx, req, out)
	}))
}
