package config

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/plugins/schema"
)

// The ways to write a table.
const (
	replaceMode    = "replace"
	appendMode     = "append"
	mergeMode      = "merge"
	partitionsMode = "partitions"
)

// writing reads the write block, or works out the default: a source that is read incrementally is appended, all else is
// exactly what the input says.
func (r *tableReader) writing() {
	w := &r.table.Write
	w.Mode, w.Default, w.Range = replaceMode, true, r.table.Range
	if r.source != nil && r.source.Mode == schema.Incremental {
		w.Mode = appendMode
	}
	for _, block := range r.body.Of("write") {
		r.write(block, w)
	}
	if r.source != nil && r.source.Mode == schema.Incremental && w.Mode != appendMode && w.Mode != mergeMode {
		r.report(diag.Error(w.Range, "Incremental source can't be replaced", "The source is read incrementally, so each run gets only what is new, and the mode %q "+
			"would take away what earlier runs read. Use \"append\" or \"merge\", or read the source as a batch.", w.Mode))
	}
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
	if w.Mode == appendMode {
		r.rowWise()
	}
}

func (r *tableReader) write(block decode.Block, w *Write) {
	mode := block.Labels[0]
	if mode == "history" {
		r.report(diag.Unsupported(block.LabelRanges[0], "The mode \"history\" is", "Use \"merge\" to keep the newest row of each key, or \"append\" "+
			"to keep all."))
		return
	}
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
	needed := map[string]string{mergeMode: "key", partitionsMode: "by"}[mode]
	for _, name := range []string{"key", "by", "lookback", "valid_from"} {
		attr := body.Attributes[name]
		switch {
		case attr == nil && name == needed && body.Lost:
		case attr == nil && name == needed:
			r.report(diag.Error(block.DefRange(), "Missing attribute", "The mode %q needs %s = […] with columns of the table.", mode, name))
		case attr != nil && name != needed && (name != "lookback" || mode != partitionsMode):
			r.report(diag.Error(attr.NameRange, "Attribute of another mode", "The attribute %q has no meaning for the mode %q. Remove it.", name, mode))
		case attr != nil && name == needed:
			_, names := r.columnList(attr)
			if len(names) == 0 && !r.failedList(attr.Expr) {
				r.report(diag.Error(attr.Expr.Range(), "Empty list", "The mode %q needs at least one column here.", mode))
			}
			if mode == mergeMode {
				w.Key = names
			} else {
				w.By = names
			}
		}
	}
	if lookback, at, ok := r.text(body, "lookback", ctx); ok {
		if r.duration(lookback, at) {
			w.Lookback = lookback
		}
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
