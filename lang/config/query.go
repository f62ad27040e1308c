package config

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/sqltext"
	"github.com/automic-etl/etl/lang/syntax"
)

// queryReader puts the text of a query together from what is written and what is inserted.
type queryReader struct {
	*tableReader
	src    []byte // of the file
	text   strings.Builder
	pieces []piece
	holes  bool // NULL stands for values that aren't known
	failed bool // a part of it can't be had
}

// piece is a part of a query's text that came from one place.
type piece struct {
	from  int // offset in the text
	start hcl.Pos
	// written is how the source is followed where the piece is a literal; nil where it was inserted.
	written *alignment
}

// query reads the attribute sql.
func (r *tableReader) query(e hclsyntax.Expression) *SQL {
	at := e.Range()
	q := &queryReader{tableReader: r}
	if file := r.project.Files[at.Filename]; file != nil {
		q.src = file.Bytes
	}
	name := at.Filename
	switch e := e.(type) {
	case *hclsyntax.TemplateExpr:
		q.template(e)
	case *hclsyntax.FunctionCallExpr:
		if file, ok := q.file(e); ok {
			name = file
		} else {
			q.value(e)
		}
	default:
		q.value(e)
	}
	r.open = r.open || q.holes || q.failed
	text := q.text.String()
	switch {
	case q.failed:
		return nil
	case strings.TrimSpace(text) == "":
		r.report(diag.Error(at, "Empty query", "The attribute sql holds no query. Write one, as in SELECT * FROM silver.orders."))
		return nil
	}
	r.table.record("sql", sqltext.Canonical(text), at)
	return &SQL{Text: text, At: q.at, Filename: name, Range: at, Holes: q.holes}
}

func (q *queryReader) at(offset int) hcl.Pos {
	i := sort.Search(len(q.pieces), func(i int) bool { return q.pieces[i].from > offset }) - 1
	if i < 0 {
		return hcl.InitialPos
	}
	p := q.pieces[i]
	if p.written == nil {
		return p.start
	}
	return p.written.position(offset - p.from)
}

// value takes the query from an expression that isn't written as a template: all of it is at that place.
func (q *queryReader) value(e hclsyntax.Expression) {
	v, diags := e.Value(q.env.Eval)
	q.evaluated(diags)
	switch {
	case eval.IsSensitive(v):
		q.sensitive(e.Range())
	case diags.HasErrors(), !v.IsKnown():
		q.failed = true
	case v.IsNull() || v.Type() != cty.String:
		q.report(diag.Error(e.Range(), "Wrong type of value", "The attribute sql takes a query as text: a heredoc (<<-SQL … SQL) or file(\"q.sql\")."))
		q.failed = true
	default:
		q.insert(v.AsString(), e.Range())
	}
}

func (q *queryReader) sensitive(at hcl.Range) {
	q.failed = true
	q.report(diag.Error(at, "Sensitive value", "The query is recorded with the table and shown in plans, so no sensitive value may stand in it."))
}

func (q *queryReader) insert(text string, at hcl.Range) {
	q.pieces = append(q.pieces, piece{from: q.text.Len(), start: at.Start})
	q.text.WriteString(text)
}

// file takes the query from a file of its own, so that mistakes are shown there.
func (q *queryReader) file(call *hclsyntax.FunctionCallExpr) (string, bool) {
	if call.Name != "file" || len(call.Args) != 1 {
		return "", false
	}
	path, diags := call.Args[0].Value(q.env.Eval)
	if diags.HasErrors() || path.IsMarked() || !path.IsKnown() || path.IsNull() || path.Type() != cty.String {
		return "", false
	}
	name := path.AsString()
	src, diags := syntax.Text(q.opt.Dir, name)
	if diags.HasErrors() {
		for _, d := range diags {
			q.report(diag.Error(call.Args[0].Range(), d.Summary, "%s", d.Detail))
		}
		q.failed = true
		return name, true
	}
	q.queries[name] = &hcl.File{Bytes: src}
	q.pieces = append(q.pieces, piece{start: hcl.InitialPos, written: &alignment{value: string(src), src: src, start: hcl.InitialPos}})
	q.text.Write(src)
	return name, true
}

func (q *queryReader) template(e *hclsyntax.TemplateExpr) {
	heredoc := strings.HasPrefix(string(q.from(e.SrcRange)), "<<")
	for _, part := range e.Parts {
		literal, ok := part.(*hclsyntax.LiteralValueExpr)
		if ok && literal.Val.Type() == cty.String && !strings.HasPrefix(string(q.from(literal.SrcRange)), "${") {
			text := literal.Val.AsString()
			q.pieces = append(q.pieces, piece{from: q.text.Len(), start: literal.SrcRange.Start, written: &alignment{
				value: text, src: q.src, start: literal.SrcRange.Start, escapes: !heredoc,
			}})
			q.text.WriteString(text)
			continue
		}
		q.interpolate(part)
	}
}

// from is the source from where a range begins.
func (q *queryReader) from(at hcl.Range) []byte {
	if at.Start.Byte > len(q.src) {
		return nil
	}
	return q.src[at.Start.Byte:]
}

// interpolate inserts a value as a literal, or a table's name.
func (q *queryReader) interpolate(e hclsyntax.Expression) {
	at := e.Range()
	if q.directive(e) || q.quoted(at) {
		q.failed = true
		return
	}
	if isTable(e) {
		a, ok := q.address(e, q.env.Eval, addr.Table)
		q.failed = q.failed || !ok
		ident := a.Ident()
		q.insert(sqltext.Name(ident.Namespace, ident.Name), at)
		return
	}
	v, diags := e.Value(q.env.Eval)
	q.evaluated(diags)
	switch {
	case eval.IsSensitive(v):
		q.sensitive(at)
	case diags.HasErrors(), !v.IsWhollyKnown():
		q.holes = true
		q.insert("NULL", at)
	default:
		q.literal(v, at)
	}
}

func (q *queryReader) literal(v cty.Value, at hcl.Range) {
	text, err := sqltext.Literal(v)
	if err != nil {
		q.holes = true
		q.insert("NULL", at)
		q.report(diag.Error(at, "Value can't be inserted", "The value can't be written into SQL: %s.", err))
		return
	}
	q.insert(text, at)
}

// directive refuses %{ if } and %{ for }.
func (q *queryReader) directive(e hclsyntax.Expression) bool {
	_, joined := e.(*hclsyntax.TemplateJoinExpr)
	if !joined && !strings.HasPrefix(string(q.from(e.Range())), "%{") {
		return false
	}
	q.report(diag.Error(e.Range(), "Template directive in SQL", "SQL isn't put together from text here, so %{ if } and %{ for } are refused. Compute the "+
		"value in locals and insert it with ${…}; write %%{ for the characters themselves."))
	return true
}

// quoted refuses to insert within quotes, where a literal would be read as text.
func (q *queryReader) quoted(at hcl.Range) bool {
	tokens := sqltext.Tokens(q.text.String())
	if len(tokens) == 0 {
		return false
	}
	last := tokens[len(tokens)-1]
	if last.Closed || last.Kind == sqltext.Comment {
		return false
	}
	q.report(diag.Error(at, "Interpolation within quotes", "${…} inserts a whole literal or name, quotes included. Remove the quotes around it; to put "+
		"text together write 'a' || ${…}."))
	return true
}
