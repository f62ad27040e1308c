package filesource

import (
	"context"
	"path"
	"path/filepath"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Provider serves one format of files through the public SDK.
type Provider struct{ format Format }

var _ sdk.Provider = (*Provider)(nil)

// New is the provider of a format.
func New(format Format) *Provider { return &Provider{format: format} }

// Schema describes the source block.
func (p *Provider) Schema() schema.Provider {
	const columns = "Columns are named as in the files."
	return schema.Provider{
		Name:    p.format.Name(),
		Version: "1.0.0",
		Source:  schema.Block{Doc: p.format.Doc(), Attributes: append(pathAttributes(columns), p.format.Attributes()...)},
		Extract: map[string]schema.Block{
			schema.Batch: {Doc: "Reads all files whenever one of them has changed."},
			schema.Incremental: {Doc: "Reads each file once. A file that changed or vanished after it was read is reported, and " +
				"its rows stay."},
		},
	}
}

// Capabilities say that files can be read again, up to what a plan saw, and handed over as Parquet.
func (p *Provider) Capabilities() sdk.Capabilities {
	return sdk.Capabilities{Replay: true, Bounds: true, Files: true}
}

// Validate checks the attributes without looking at files.
func (p *Provider) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	o, diags := decodeOptions(cfg)
	_, more := p.format.Configure(cfg, o)
	return append(diags, more...)
}

func (p *Provider) configure(cfg sdk.Config) (Options, Reader, sdk.Diagnostics) {
	if cfg.Source == cty.NilVal || !cfg.Source.IsWhollyKnown() {
		return Options{}, nil, Problem("Configuration not known yet", "The source's attributes are not all known, so that its "+
			"files can't be looked at.")
	}
	o, diags := decodeOptions(cfg)
	reader, more := p.format.Configure(cfg, o)
	return o, reader, append(diags, more...)
}

// Check finds the files and opens the first of them.
func (p *Provider) Check(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	o, _, diags := p.configure(cfg)
	if diags.HasErrors() {
		return diags
	}
	found, more := list(ctx, o)
	diags = append(append(diags, more...), found.missing...)
	if diags.HasErrors() {
		return diags
	}
	stream, err := OpenText(ctx, found.files[0], "none")
	if err != nil {
		return append(diags, diagnose(err, found.files[0].Path)...)
	}
	if err := stream.Close(); err != nil {
		return append(diags, diagnose(err, found.files[0].Path)...)
	}
	return diags
}

// Discover offers what the configured paths hold as one stream.
func (p *Provider) Discover(ctx context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	plan, diags := p.Plan(ctx, cfg, sdk.PlanRequest{})
	if plan == nil {
		return nil, diags
	}
	return []sdk.Stream{{Name: p.streamName(cfg), Columns: plan.Columns, Rows: plan.Rows, Bytes: plan.Bytes}}, diags
}

// streamName is the first path without folders, wildcards and the extension: `data/flights-*.csv.gz` is flights.
func (p *Provider) streamName(cfg sdk.Config) string {
	o, _ := decodeOptions(cfg)
	if len(o.Paths) == 0 {
		return p.format.Name()
	}
	base := path.Base(filepath.ToSlash(o.Paths[0]))
	if end := strings.IndexAny(base, ".*?[{"); end >= 0 {
		base = base[:end]
	}
	if base = strings.Trim(base, "-_ "); base == "" {
		return p.format.Name()
	}
	return base
}
