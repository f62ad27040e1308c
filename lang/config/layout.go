package config

import (
	"fmt"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/expr"
)

// layout reads how files are partitioned and sorted.
func (r *tableReader) layout() {
	if attr := r.body.Attributes["partition_by"]; attr != nil {
		r.partition(attr)
	}
	attr := r.body.Attributes["sort_by"]
	if attr == nil {
		return
	}
	found, diags := expr.ParseSortKeys(attr.Expr, r.env)
	r.take(diags)
	var columns []expr.SortKey
	for _, key := range found {
		column, ok := key.Expr.(*expr.Column)
		switch {
		case !expr.Whole(key.Expr):
		case !ok || len(column.Path) != 1:
			r.report(diag.Error(key.Expr.Range(), "Column name expected", "sort_by sorts files by columns of the table: [order_date, desc(id)]. To "+
				"sort by an expression, derive a column of it."))
		default:
			columns = append(columns, key)
		}
	}
	keys, text := sorting(columns, "desc(")
	r.table.Sort = keys
	r.table.recordMeta("sort_by", text, attr.SrcRange)
}

func (r *tableReader) partition(attr *hclsyntax.Attribute) {
	found, diags := expr.ParseTransforms(attr.Expr)
	r.take(diags)
	seen := map[string]bool{}
	var texts []string
	for _, f := range found {
		t := Transform(f)
		if t.Column == "" {
			continue
		}
		text := t.String()
		if seen[text] {
			r.report(diag.Error(t.Range, "Duplicate partition", "%s stands twice in partition_by. Remove one.", text))
		}
		seen[text] = true
		texts = append(texts, text)
		r.table.Partition = append(r.table.Partition, t)
	}
	r.table.recordMeta("partition_by", list(texts), attr.SrcRange)
}

// String is the transform as a user writes it.
func (t Transform) String() string {
	switch t.Name {
	case "identity":
		return columnName(t.Column)
	case "bucket", "truncate":
		return fmt.Sprintf("%s(%d, %s)", t.Name, t.Arg, columnName(t.Column))
	}
	return t.Name + "(" + columnName(t.Column) + ")"
}

// columns reads the column blocks: documentation and contracts.
func (r *tableReader) columns() {
	seen := map[string]bool{}
	for _, block := range r.body.Of("column") {
		name := block.Labels[0]
		if seen[name] {
			r.report(diag.Error(block.LabelRanges[0], "Duplicate block", "The column %q is described twice. Put both into one block.", name))
			continue
		}
		seen[name] = true
		r.table.Columns = append(r.table.Columns, r.columnDecl(block))
	}
}

func (r *tableReader) columnDecl(block decode.Block) ColumnDecl {
	ctx := r.env.Eval
	if block.Eval != nil {
		ctx = block.Eval
	}
	c := ColumnDecl{Name: block.Labels[0], Range: block.DefRange()}
	path := "column." + columnName(c.Name)
	body, diags := decode.Open(block.Block, block.Spec.Block, ctx)
	r.report(diags...)
	if attr := body.Attributes["type"]; attr != nil {
		t, diags := expr.ParseType(attr.Expr)
		if r.take(diags) {
			c.Type = &t
			r.table.record(path+".type", t.String(), attr.SrcRange)
		}
	}
	if doc, at, ok := r.text(body, "doc", ctx); ok {
		c.Doc = doc
		r.table.recordMeta(path+".doc", spell(doc), at)
	}
	if c.Required = r.truth(body, "required", ctx); c.Required {
		r.table.recordMeta(path+".required", "true", body.Attributes["required"].SrcRange)
	}
	if tags, at, ok := r.plain(body, "tags", ctx); ok {
		c.Tags = stringMap(tags)
		r.table.recordMeta(path+".tags", eval.Canonical(tags), at)
	}
	return c
}
