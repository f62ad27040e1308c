// Package numbers is a provider that makes its rows up: a small complete example of the SDK, and the one on which the
// host and the conformance suite are tested. Its faults are switches, so that everything that can go wrong in a plugin
// can be made to. In mode delta it follows a log of changes, which a test writes with Append.
package numbers

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Provider serves source "numbers". It keeps no state; slots are kept beside the log, as a database would.
type Provider struct{}

// Schema is part of sdk.Provider.
func (Provider) Schema() schema.Provider {
	number := func(name string, fallback int64, doc string) schema.Attribute {
		return schema.Attribute{Name: name, Type: cty.Number, Default: cty.NumberIntVal(fallback), Doc: doc}
	}
	return schema.Provider{
		Name: "numbers", Version: "1.0.0",
		Source: schema.Block{
			Doc: "Numbers from 0 on, with a column of each type beside them.",
			Attributes: []schema.Attribute{
				{Name: "rows", Type: cty.Number, Required: true, Doc: "How many rows there are."},
				number("partitions", 1, "How many partitions can be read in parallel; row n is in partition n modulo this."),
				{Name: "wide", Type: cty.Bool, Default: cty.True, Doc: "Whether there is a column of each type."},
				number("bad_every", 0, "Every so many rows one can't be represented; 0 means none."),
				{Name: "fault", Type: cty.String, OneOf: Faults(), Doc: "What goes wrong."},
				{Name: "log", Type: cty.String, Doc: "The folder of the log of changes that mode delta follows."},
				number("fault_at", 0, "The number of rows of a partition after which it goes wrong."),
			},
		},
		Extract: map[string]schema.Block{schema.Batch: {}, schema.Incremental: {}, schema.Delta: {}},
	}
}

// Capabilities are part of sdk.Provider.
func (Provider) Capabilities() sdk.Capabilities {
	return sdk.Capabilities{Replay: true, Bounds: true, Partitions: true}
}

// settings are the source block.
type settings struct {
	rows, partitions, badEvery, faultAt int64
	wide                                bool
	fault, log                          string
}

func decode(cfg sdk.Config) (settings, sdk.Diagnostics) {
	if !cfg.Source.IsWhollyKnown() {
		return settings{}, sdk.Errorf("Unknown settings", "The block holds values that are not known yet.")
	}
	number := func(name string) int64 {
		v := cfg.Source.GetAttr(name)
		if v.IsNull() {
			return 0
		}
		n, _ := v.AsBigFloat().Int64()
		return n
	}
	s := settings{
		rows: number("rows"), partitions: max(number("partitions"), 1), badEvery: number("bad_every"), faultAt: number("fault_at"),
		wide: cfg.Source.GetAttr("wide").True(),
	}
	if fault := cfg.Source.GetAttr("fault"); !fault.IsNull() {
		s.fault = fault.AsString()
	}
	if log := cfg.Source.GetAttr("log"); !log.IsNull() {
		s.log = filepath.Join(cfg.Dir, log.AsString())
	} else if cfg.Mode == schema.Delta {
		return s, sdk.Diagnostics{sdk.Error("Nothing to follow", "Mode delta follows a log. Set log to its folder.", "log")}
	}
	return s, nil
}

// Validate is part of sdk.Provider.
func (Provider) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	rows := cfg.Source.GetAttr("rows")
	if !rows.IsKnown() || rows.IsNull() || rows.AsBigFloat().Sign() >= 0 {
		return nil
	}
	return sdk.Diagnostics{sdk.Error("Negative number of rows",
		fmt.Sprintf("rows is %s. Write 0 or more.", rows.AsBigFloat().Text('f', -1)), "rows")}
}

// Check is part of sdk.Provider.
func (Provider) Check(context.Context, sdk.Config) sdk.Diagnostics { return nil }

// Discover is part of sdk.Provider.
func (Provider) Discover(_ context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	s, ds := decode(cfg)
	if ds.HasErrors() {
		return nil, ds
	}
	return []sdk.Stream{{
		Name: "numbers", Columns: s.columns(), Keys: [][]string{{"n"}}, Cursors: []string{"n"}, Rows: s.rows, Bytes: -1,
	}}, nil
}

// Plan is part of sdk.Provider.
func (Provider) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	s, ds := decode(cfg)
	if ds.HasErrors() {
		return nil, ds
	}
	if err := s.misplan(ctx); err != nil {
		return nil, sdk.Errorf("Planning failed", "%s.", err)
	}
	if cfg.Mode == schema.Delta {
		plan, err := s.follow(cfg, req)
		if err != nil {
			return nil, sdk.Errorf("The log can't be followed", "%s.", err)
		}
		return plan, nil
	}
	var left int64
	for p := range s.partitions {
		next, err := sent(req.Cursor, partition(p))
		if err != nil {
			return nil, sdk.Errorf("Unreadable cursor", "The recorded cursor can't be read: %s.", err)
		}
		left += max(s.in(p)-next, 0)
	}
	return &sdk.PlanResponse{
		Columns: s.columns(), Resumable: true, Changed: left > 0 || len(req.Cursor) == 0, Rows: left, Bytes: -1,
		Until: []byte(strconv.FormatInt(s.rows, 10)), Position: fmt.Sprintf("%d new numbers", left),
		Partitions: s.names(), Fingerprint: fmt.Sprintf("numbers-%d", s.rows),
	}, nil
}

func (s settings) names() []string {
	if s.partitions == 1 {
		return nil
	}
	names := make([]string, s.partitions)
	for p := range s.partitions {
		names[p] = partition(p)
	}
	return names
}

// in is how many rows partition p has.
func (s settings) in(p int64) int64 { return (s.rows - p + s.partitions - 1) / s.partitions }

func partition(p int64) string { return fmt.Sprintf("p%d", p) }

func (s settings) columns() coltype.Schema {
	columns := coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long), Required: true}}
	if !s.wide {
		return columns
	}
	for _, typ := range types() {
		columns = append(columns, coltype.Field{Name: typ.String(), Type: typ})
	}
	return columns
}

// types has one of each.
func types() []coltype.Type {
	return []coltype.Type{
		coltype.Of(coltype.Boolean), coltype.Of(coltype.Int), coltype.Of(coltype.Long), coltype.Of(coltype.Float),
		coltype.Of(coltype.Double), coltype.DecimalOf(38, 9), coltype.Of(coltype.Date), coltype.Of(coltype.Time),
		coltype.Of(coltype.Timestamp), coltype.Of(coltype.Timestamptz), coltype.Of(coltype.String), coltype.Of(coltype.UUID),
		coltype.Of(coltype.Binary), coltype.ListOf(coltype.Of(coltype.String)),
		coltype.MapOf(coltype.Of(coltype.String), coltype.Of(coltype.Double)),
		coltype.StructOf(coltype.Field{Name: "a", Type: coltype.Of(coltype.Date)},
			coltype.Field{Name: "b", Type: coltype.ListOf(coltype.Of(coltype.Int))}),
	}
}
