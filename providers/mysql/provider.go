// Package mysql reads tables and queries of MySQL and MariaDB servers.
package mysql

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
)

// Provider serves sources of MySQL and MariaDB through the public SDK.
type Provider struct{}

var _ sdk.Follower = (*Provider)(nil)

// New is the provider mysql.
func New() *Provider { return &Provider{} }

// Schema describes the blocks.
func (p *Provider) Schema() schema.Provider {
	return schema.Provider{Name: "mysql", Version: "1.0.0", Connection: connectionBlock(), Source: sourceBlock(), Extract: extractBlocks()}
}

// Capabilities say that rows can be read again up to what a plan saw, and handed over as Parquet.
func (p *Provider) Capabilities() sdk.Capabilities {
	return sdk.Capabilities{Replay: true, Bounds: true, Files: true}
}

// Validate checks the attributes without asking the server.
func (p *Provider) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	_, diags := decode(cfg)
	return diags
}

// connect decodes the configuration and opens the server. The caller closes it.
func connect(ctx context.Context, cfg sdk.Config) (*server, sdk.Diagnostics) {
	return connectBy(ctx, cfg, open)
}

func connectBy(ctx context.Context, cfg sdk.Config, open func(context.Context, options) (*server, sdk.Diagnostics)) (*server, sdk.Diagnostics) {
	o, diags := decode(cfg)
	if !diags.HasErrors() && !o.known {
		diags = append(diags, problem("Configuration not known yet", "The source's attributes are not all known, so that the server can't be asked.")...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	s, more := open(ctx, o)
	return s, append(diags, more...)
}

// Check logs in and looks at the source.
func (p *Provider) Check(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	s, diags := connect(ctx, cfg)
	if s == nil {
		return diags
	}
	defer s.close()
	r, more := s.describe(ctx, s.db)
	if diags = append(diags, more...); diags.HasErrors() {
		return diags
	}
	return append(diags, s.tryReading(ctx, r)...)
}

// tryReading asks for no row, to find out what privileges and conditions forbid.
func (s *server) tryReading(ctx context.Context, r *relation) sdk.Diagnostics {
	query := "SELECT " + newLayout(r, s.offered(r)).list() + " FROM " + r.from
	if s.options.where != "" {
		query += " WHERE (" + s.options.where + "\n)"
	}
	if err := try(ctx, s.db, query+" LIMIT 0"); err != nil {
		return s.explain(ctx, err, "looking at the source")
	}
	return nil
}

// Read sends what the plan saw.
func (p *Provider) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	s, diags := connectBy(ctx, cfg, redial)
	if s == nil {
		return diags
	}
	defer s.close()
	read := again(p.readBatch)
	switch {
	case req.KeysOnly:
	case cfg.Mode == schema.Incremental:
		read = again(p.readIncrement)
	case cfg.Mode == schema.Delta:
		read = p.readDelta
	}
	if err := read(ctx, s, req, out); err != nil {
		return s.explain(ctx, err, fmt.Sprintf("reading %s", s.what()))
	}
	return nil
}

// reader is one way to read.
type reader func(ctx context.Context, s *server, req sdk.ReadRequest, out sdk.Output) error

// again reads anew, in another snapshot, where connections are lost before anything was handed over.
func again(once reader) reader {
	return func(ctx context.Context, s *server, req sdk.ReadRequest, out sdk.Output) error {
		return delivery.Again(ctx, out, disconnected, func(out sdk.Output) error {
			if err := s.db.PingContext(ctx); err != nil {
				return err
			}
			return once(ctx, s, req, out)
		})
	}
}

// what is read, for messages.
func (s *server) what() string {
	if s.options.query != "" {
		return "the query"
	}
	return s.tableName().String()
}

// Prepare has nothing to create: the binary log is there for every reader.
func (p *Provider) Prepare(context.Context, sdk.Config) sdk.Diagnostics { return nil }

// Acknowledge has nobody to tell: the log is kept as long as the server is configured to.
func (p *Provider) Acknowledge(context.Context, sdk.Config, map[string][]byte) sdk.Diagnostics {
	return nil
}

// Release has nothing to drop.
func (p *Provider) Release(context.Context, sdk.Config) sdk.Diagnostics { return nil }
