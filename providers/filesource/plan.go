package filesource

import (
	"context"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/inference"
	"github.com/automic-etl/etl/providers/naming"
)

// Plan opens only files that are new or changed; of all others it looks at size and time alone.
func (p *Provider) Plan(ctx context.Context, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	s, diags := p.survey(ctx, cfg, req.Cursor[""], req.CacheDir)
	if s == nil {
		return nil, diags
	}
	evidence, more := s.infer(ctx, req)
	diags = append(diags, more...)
	if err := s.index.save(s.files); err != nil {
		diags = append(diags, Warning("Cache not written", "What was found out about the files could not be remembered: "+
			err.Error()+". The next plan looks at them again.")...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	settled, more := inference.Evidence{
		Seen: evidence.Columns, Recorded: req.Columns, Declared: s.options.Types, OpenEnded: s.reader.OpenEnded(),
		Source: naming.Source{Have: "The files have", Where: "in the files", Path: "path"}, Values: "the files now have values",
	}.Settle()
	diags = append(diags, more...)
	if diags.HasErrors() {
		return nil, diags
	}
	if len(settled.Columns) == 0 {
		return nil, append(diags, noColumns(s)...)
	}
	response, more := s.response(evidence, settled)
	if response != nil {
		response.Lost = s.lost(req.Discarded[""])
	}
	return response, append(diags, more...)
}

// noColumns says why nothing is known about the columns: there was nothing to look at.
func noColumns(s *survey) sdk.Diagnostics {
	return Problem("No columns found", fmt.Sprintf("Nothing in the source's files says which columns there are; they are empty, or "+
		"hold no good row. Found: %s.", named(s.freshFiles(), "")), "path")
}

func (s *survey) response(evidence Evidence, settled inference.Settled) (*sdk.PlanResponse, sdk.Diagnostics) {
	fresh, what := s.freshFiles(), "new "
	if !s.options.Incremental {
		what = ""
	}
	until, err := cursor{fingerprint: s.fingerprint, files: fresh}.encode()
	if err != nil {
		return nil, Problem("Cursor not written", "The list of files to read can't be written down: "+err.Error()+".")
	}
	response := &sdk.PlanResponse{
		Columns:      settled.Columns,
		Resumable:    !s.options.Incremental || s.old.fingerprint == "", // a batch's cursor doesn't say which files it read
		Changed:      s.changed(),
		Until:        until,
		Position:     named(fresh, what),
		Fingerprint:  s.fingerprint,
		FieldChanges: settled.Changes,
	}
	if response.Changed {
		response.Rows, response.Bytes = evidence.Rows, total(fresh)
	}
	return response, nil
}

func total(files []File) int64 {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	return size
}

// infer finds out about the columns of the files to read. Where nothing changed, the recorded ones say it all.
func (s *survey) infer(ctx context.Context, req sdk.PlanRequest) (Evidence, sdk.Diagnostics) {
	if !s.changed() && len(req.Columns) > 0 {
		return Evidence{}, nil
	}
	found := make([]Evidence, len(s.files))
	var unknown []int
	for _, i := range s.fresh {
		var ok bool
		if found[i], ok = s.index.evidence(s.files[i]); !ok {
			unknown = append(unknown, i)
		}
	}
	problems := make([]sdk.Diagnostics, len(s.files))
	err := each(ctx, unknown, func(ctx context.Context, i int) error {
		var err error
		if found[i], err = s.reader.Infer(ctx, s.files[i]); err != nil {
			problems[i] = diagnose(err, s.files[i].Path)
		}
		return ctx.Err()
	})
	if err != nil {
		return Evidence{}, Problem("Interrupted", "Looking at the source's files was interrupted.")
	}
	for _, i := range unknown {
		if problems[i] == nil {
			s.index.inferred(s.files[i], found[i])
		}
	}
	return merged(found, s.fresh), append(joined(problems), s.strangers(found, req.Columns)...)
}

// merged unites what was found file by file, in the files' order.
func merged(found []Evidence, positions []int) Evidence {
	var all Evidence
	var last coltype.Schema
	for _, i := range positions {
		if all.Columns == nil {
			all.Columns = found[i].Columns
		} else if !slices.EqualFunc(last, found[i].Columns, coltype.Field.Equal) {
			all.Columns = coltype.UnifySchema(all.Columns, found[i].Columns)
		}
		last = found[i].Columns
		all.Rows += found[i].Rows
		all.Sampled = all.Sampled || found[i].Sampled
	}
	return all
}
