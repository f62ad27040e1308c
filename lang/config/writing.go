package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/plugins/schema"
)

// The ways to write a table.
const (
	replaceMode    = "replace"
	appendMode     = "append"
	mergeMode      = "merge"
	historyMode    = "history"
	partitionsMode = "partitions"
)

// hard and soft are what a merge does with rows that were deleted at the source.
const (
	hard = "hard"
	soft = "soft"
)

// writing reads the write block, or works out the default: a source that is read bit by bit is appended, all else is
// exactly what the input says.
func (r *tableReader) writing() {
	w := &r.table.Write
	w.Mode, w.Default, w.Deletes, w.Range = replaceMode, true, hard, r.table.Range
	if r.inParts() {
		w.Mode = appendMode
	}
	for _, block := range r.body.Of("write") {
		r.write(block, w)
	}
	r.suits(w)
	r.table.record("write.mode", spell(w.Mode), w.Range)
	if len(w.Key) > 0 {
		r.table.record("write.key", columnNames(w.Key), w.Range)
	}
	if len(w.By) > 0 {
		r.table.record("write.by", columnNames(w.By), w.Range)
	}
	if w.Lookback != "" {
		r.table.record("write.lookback", spell(w.Lookback), w.Range)
	}
	if w.Deletes != hard {
		r.table.record("write.deletes", spell(w.Deletes), w.Range)
	}
	if w.ValidFrom != "" {
		r.table.record("write.valid_from", columnName(w.ValidFrom), w.Range)
	}
	if w.Mode == appendMode {
		r.rowWise()
	}
}

// inParts says whether each read of the source gets only what is new.
func (r *tableReader) inParts() bool {
	return r.source != nil && r.source.Mode != schema.Batch
}

// suits refuses modes that don't go with how the source is read.
func (r *tableReader) suits(w *Write) {
	switch {
	case r.source == nil:
	case w.Mode == historyMode && r.source.Mode != schema.Delta:
		r.report(diag.Error(w.Range, "History in bronze", "Bronze holds what the source said, and %s doesn't say what changed. Load it as it is, "+
			"and write the history in the layer silver, from this table.", r.source.Addr))
	case r.source.Mode == schema.Incremental && w.Mode != appendMode && w.Mode != mergeMode:
		r.report(diag.Error(w.Range, "Incremental source can't be replaced", "The source is read incrementally, so each run gets only what is new, and the mode %q "+
			"would take away what earlier runs read. Use \"append\" or \"merge\", or read the source as a batch.", w.Mode))
	case r.source.Mode == schema.Delta && w.Mode != appendMode && w.Mode != mergeMode && w.Mode != historyMode:
		r.report(diag.Error(w.Range, "Followed source can't be replaced", "The source is followed change by change, so each run gets only what changed, and the mode %q "+
			"would take away what earlier runs read. Use \"append\" to keep every change, \"merge\" for the rows as they are now, or \"history\" for "+
			"every version of them.", w.Mode))
	}
}

// written are the attributes that each mode has; the first must be there.
func written(mode string) []string {
	return map[string][]string{mergeMode: {"key", "deletes"}, historyMode: {"key", "valid_from"}, partitionsMode: {"by", "lookback"}}[mode]
}

func (r *tableReader) write(block decode.Block, w *Write) {
	mode := block.Labels[0]
	if d := decode.OneOf(mode, grammar.Modes(), "write", block.LabelRanges[0]); d != nil {
		r.report(d)
		return
	}
	w.Mode, w.Default, w.Range = mode, false, block.DefRange()
	ctx := r.env.Eval
	if block.Eval != nil {
		ctx = block.Eval
	}
	body, diags := decode.Open(block.Block, block.Spec.Block, ctx)
	r.report(diags...)
	has := written(mode)
	for _, name := range []string{"key", "by", "lookback", "deletes", "valid_from"} {
		attr := body.Attributes[name]
		switch {
		case attr == nil && len(has) > 0 && name == has[0] && body.Lost:
		case attr == nil && len(has) > 0 && name == has[0]:
			r.report(diag.Error(block.DefRange(), "Missing attribute", "The mode %q needs %s = […] with columns of the table.", mode, name))
		case attr != nil && !slices.Contains(has, name):
			r.report(diag.Error(attr.NameRange, "Attribute of another mode", "The attribute %q has no meaning for the mode %q. Remove it.", name, mode))
		case attr != nil && name == has[0]:
			refs, names := r.columnList(attr)
			w.Places = places(refs)
			if len(names) == 0 && !r.failedList(attr.Expr) {
				r.report(diag.Error(attr.Expr.Range(), "Empty list", "The mode %q needs at least one column here.", mode))
			}
			if name == "key" {
				w.Key = names
			} else {
				w.By = names
			}
		}
	}
	r.writeDetails(body, ctx, w)
}

// writeDetails reads what a mode can do without.
func (r *tableReader) writeDetails(body *decode.Body, ctx *hcl.EvalContext, w *Write) {
	if lookback, at, ok := r.text(body, "lookback", ctx); ok {
		if r.duration(lookback, at) {
			w.Lookback = lookback
		}
	}
	if deletes, _, ok := r.text(body, "deletes", ctx); ok {
		w.Deletes = deletes
	}
	if attr := body.Attributes["valid_from"]; attr != nil && w.Mode == historyMode {
		name, diags := expr.ParseName(attr.Expr)
		r.report(diags...)
		w.ValidFrom = name.Name
	}
}

func (r *tableReader) failedList(e hcl.Expression) bool {
	items, diags := hcl.ExprList(e)
	return diags.HasErrors() || len(items) > 0
}

// rowWise refuses to append what isn't computed row by row: later rows would change what has been written.
func (r *tableReader) rowWise() {
	if r.table.SQL != nil {
		r.report(diag.Error(r.table.Write.Range, "SQL can't be appended", "The mode \"append\" needs steps that go row by row, and what a query "+
			"does isn't known to be so. Use \"replace\" or \"merge\", or write steps."))
		return
	}
	for _, step := range r.table.Steps {
		if slices.Contains([]string{"dedupe", "aggregate", "window", "session", "sort"}, step.Kind()) {
			r.report(diag.Error(step.Range(), "Step can't be appended", "The mode \"append\" takes only steps that go row by row, and %s looks at "+
				"other rows too, so that new rows would change those already written. Use write \"replace\" or write \"merge\".", step.Kind()))
		}
		if join, ok := step.(*Join); ok && join.How == "full" {
			r.report(diag.Error(step.Range(), "Step can't be appended", "The mode \"append\" takes only steps that go row by row, and a full join "+
				"adds rows that match nothing yet. Use join \"left\" or write \"replace\"."))
		}
	}
}

// quarantine says whether a table's name is one that etl makes for bad rows.
func quarantine(name string) bool { return strings.HasSuffix(name, "__quarantine") }
