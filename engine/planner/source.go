package planner

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// planSources asks the providers of all selected sources, some at a time.
func (r *planning) planSources(ctx context.Context) {
	type answer struct {
		response *sdk.PlanResponse
		diags    hcl.Diagnostics
	}
	var asked []*node
	for _, n := range r.order {
		if n.source != nil {
			asked = append(asked, n)
		}
	}
	answers := make([]answer, len(asked))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2 * runtime.NumCPU())
	for i, n := range asked {
		group.Go(func() error {
			answers[i].response, answers[i].diags = r.planSource(ctx, n)
			return nil
		})
	}
	_ = group.Wait() // the functions return no error: mistakes are diagnostics
	var out, unread []*node
	for i, n := range asked {
		if answers[i].diags.HasErrors() && r.Options.Tolerate != nil {
			r.Options.Tolerate(n.table.Addr.String(), answers[i].diags)
			out = append(out, n)
			continue
		}
		if n.response = answers[i].response; answers[i].diags.HasErrors() {
			n.failed, n.response = true, nil
			unread = append(unread, n)
		}
		r.diags = append(r.diags, answers[i].diags...)
	}
	r.leaveOut(out)
	for i, n := range asked {
		if slices.Contains(unread, n) {
			r.sayWithout(n, answers[i].diags, unread)
		}
	}
}

// leaveOut takes tables out of the plan, with all that reads them.
func (r *planning) leaveOut(out []*node) {
	if len(out) == 0 {
		return
	}
	keep := map[*node]bool{}
	for _, n := range r.order {
		keep[n] = true
	}
	for _, n := range out {
		mark(keep, n, false, downstream)
	}
	r.order = slices.DeleteFunc(r.order, func(n *node) bool { return !keep[n] })
}

func (r *planning) planSource(ctx context.Context, n *node) (*sdk.PlanResponse, hcl.Diagnostics) {
	req := sdk.PlanRequest{}
	if r.continues(n) {
		req.Cursor = n.recorded.Summary.Cursor
		req.Columns = n.sourceColumns(n.recorded.Columns)
	}
	if r.discards(n) {
		req.Discarded = n.recorded.Summary.Cursor
	}
	response, said, err := r.Sources.Plan(ctx, n.source.Provider, SourceConfig(r.Project, r.plan.Lakehouse.ID, n.source), req)
	diags := SourceDiagnostics(n.source, WithAddress(said, n.table.Addr.String()))
	if err != nil {
		diags = append(diags, ProviderFailed(n.source, err))
	}
	if response == nil && !diags.HasErrors() {
		diags = append(diags, diag.Error(n.source.Range, "The provider gave no plan",
			"The provider %q answered nothing about %s. This is a bug in the provider.", n.source.Provider, n.source.Addr))
	}
	if response != nil {
		response.Position = withoutSecrets(response.Position, r.Project.Sensitive)
		diags = append(diags, SourceDiagnostics(n.source, WithAddress(response.Warnings, n.table.Addr.String()))...)
	}
	return response, diag.Unique(diags)
}

// WithAddress completes what a provider says of reading anew: it doesn't know the table.
func WithAddress(said sdk.Diagnostics, table string) sdk.Diagnostics {
	const flag = "-resnapshot"
	whole := slices.Clone(said)
	for i := range whole {
		if !strings.Contains(whole[i].Detail, flag+"=") {
			whole[i].Detail = strings.ReplaceAll(whole[i].Detail, flag, flag+"="+table)
		}
	}
	return whole
}

// continues says whether a read goes on from what is recorded: the same definition, and nothing asks for all rows anew.
func (r *planning) continues(n *node) bool {
	return r.stays(n) && !r.resnapshot(n)
}

// discards says whether a read takes the place of rows that the same source gave bit by bit, and may no longer have.
func (r *planning) discards(n *node) bool {
	return n.recorded != nil && n.recorded.StateAt != 0 && n.source.Mode == schema.Incremental && !r.continues(n) &&
		RecordedSource(n.recorded) == n.source.Addr.String()
}

// stays says whether the rows that are recorded stay. Changes do while their source is read anew, unless the columns that it has
// now can't stand beside theirs.
func (r *planning) stays(n *node) bool {
	return n.recorded != nil && n.recorded.StateAt != 0 && r.dataUnchanged(n) && n.newlyRequired() == "" && (n.follows() && len(n.recased()) == 0 || !r.resnapshot(n))
}

func (r *planning) resnapshot(n *node) bool {
	return slices.ContainsFunc(r.Options.Resnapshot, func(address string) bool {
		return address == n.table.Addr.String() || address == n.table.Addr.Block().String()
	})
}

// dataUnchanged compares the row-changing halves of the recorded and the declared definition, both hashed now.
func (r *planning) dataUnchanged(n *node) bool {
	if n.sameDefinition() {
		return true
	}
	recorded, err := decodeDefinition(n.recorded.Definition)
	return err == nil && hashItems(recorded.Data) == hashItems(n.table.Definition.Data)
}

// sameDefinition spares the decoding where the recorded definition is the declared one to the byte.
func (n *node) sameDefinition() bool { return bytes.Equal(n.recorded.Definition, n.definition()) }

// definition is the declared definition as it is recorded.
func (n *node) definition() json.RawMessage {
	if n.encoded == nil {
		n.encoded = plan.Encode(n.table.Definition)
	}
	return n.encoded
}

// SourceConfig is what a provider gets of a source block: secrets resolved, marks removed. It tells the lakehouse's id, which
// is empty where nothing is planned.
func SourceConfig(p *config.Project, lakehouse string, s *config.Source) sdk.Config {
	cfg := sdk.Config{Address: s.Addr.String(), Dir: p.Dir, Project: p.Name, Lakehouse: lakehouse,
		Source: unmarked(s.Config), Mode: s.Mode, Extract: unmarked(s.Extract)}
	if s.Connection == nil {
		return cfg
	}
	for _, c := range p.Connections {
		if c.Addr == *s.Connection {
			cfg.Connection = unmarked(c.Config)
		}
	}
	return cfg
}

func unmarked(v cty.Value) cty.Value {
	if v == cty.NilVal {
		return v
	}
	plain, _ := v.UnmarkDeep()
	return plain
}

// SourceDiagnostics places a provider's messages under the attributes that they are about.
func SourceDiagnostics(s *config.Source, said sdk.Diagnostics) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, d := range said {
		at := s.Range
		for n := len(d.Path); n > 0; n-- {
			if r, ok := s.Attributes[joinPath(d.Path[:n])]; ok {
				at = r
				break
			}
		}
		placed := diag.Error(at, d.Summary, "%s", d.Detail)
		if d.Severity == "warning" {
			placed.Severity = hcl.DiagWarning
		}
		diags = append(diags, placed)
	}
	return diags
}

func joinPath(path []string) string {
	joined := path[0]
	for _, p := range path[1:] {
		joined += "." + p
	}
	return joined
}

// ProviderFailed says how a provider's process failed at a source.
func ProviderFailed(s *config.Source, err error) *hcl.Diagnostic {
	var died *host.DiedError
	if errors.As(err, &died) {
		return diag.Error(s.Range, "The provider died", "%s", died.Error())
	}
	var protocol *host.ProtocolError
	if errors.As(err, &protocol) {
		return diag.Error(s.Range, "The provider broke the protocol", "%s", protocol.Error())
	}
	return diag.Error(s.Range, "The provider failed", "%s of provider %q: %s.", s.Addr, s.Provider, err)
}

// withoutSecrets keeps a provider's words, which are recorded with the rows, from holding a secret: a path can be one.
func withoutSecrets(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "(sensitive)")
		}
	}
	return text
}
