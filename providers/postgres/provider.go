// Package postgres is the provider of PostgreSQL: tables and queries, read all at once or by a growing column, and
// tables that are followed change by change.
package postgres

import (
	"context"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Provider serves PostgreSQL through the public SDK.
type Provider struct{}

var _ sdk.Provider = Provider{}

// New is the provider.
func New() sdk.Provider { return Provider{} }

// Schema describes its blocks.
func (Provider) Schema() schema.Provider {
	return schema.Provider{
		Name: "postgres", Version: "1.0.0",
		Connection: connectionBlock(), Source: sourceBlock(), Extract: extractBlocks(),
	}
}

// Capabilities say that reads go on from cursors and stop where a plan says, and that tables come as Parquet files.
func (Provider) Capabilities() sdk.Capabilities {
	return sdk.Capabilities{Replay: true, Bounds: true, Files: true}
}

// Validate checks the attributes without connecting.
func (Provider) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	_, diags := decodeOptions(cfg)
	return diags
}

// configure decodes what must be known by now.
func configure(cfg sdk.Config) (options, sdk.Diagnostics) {
	for _, v := range []cty.Value{cfg.Source, cfg.Connection, cfg.Extract} {
		if unknown(v) {
			return options{}, sdk.Errorf("Configuration not known yet", "The attributes of the source and its connection are not all known, so "+
				"that the database can't be looked at.")
		}
	}
	return decodeOptions(cfg)
}

// Check connects and looks at the table.
func (Provider) Check(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	o, diags := configure(cfg)
	if diags.HasErrors() {
		return diags
	}
	c, err := session.Open(ctx, o.settings)
	if err != nil {
		return append(diags, o.diagnoseConnect(ctx, err)...)
	}
	defer c.Close()
	s, more := o.survey(ctx, c)
	diags = append(diags, more...)
	if s == nil {
		return diags
	}
	if _, _, err := s.estimate(ctx, c, ""); err != nil { // the server understands the condition, or the query
		diags = append(diags, o.diagnose(err)...)
	}
	return diags
}
