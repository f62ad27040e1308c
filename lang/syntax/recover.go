package syntax

import (
	"bytes"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/diag"
)

// recovery reads what has syntax errors item by item, so that each of them is reported and hides nothing but its own item.
type recovery struct {
	src   []byte
	name  string
	lines []int // where each line begins
	diags hcl.Diagnostics
	lost  []hcl.Range
}

func newRecovery(src []byte, name string) *recovery {
	r := &recovery{src: src, name: name, lines: []int{0}}
	for i, c := range src {
		if c == '\n' {
			r.lines = append(r.lines, i+1)
		}
	}
	return r
}

// Lost says whether a body holds something that could not be read, name and all.
func Lost(body *hclsyntax.Body) bool { return body.Attributes[""] != nil }

// IsLost says whether an expression stands for one that could not be read. Its value is an error that has been told.
func IsLost(e hcl.Expression) bool {
	_, lost := e.(*hclsyntax.ExprSyntaxError)
	return lost
}

// Damaged says whether anything in a body could not be read.
func Damaged(body *hclsyntax.Body) bool {
	for _, attr := range body.Attributes {
		if IsLost(attr.Expr) {
			return true
		}
	}
	for _, block := range body.Blocks {
		if Damaged(block.Body) {
			return true
		}
	}
	return false
}

func (r *recovery) body(from, to int) *hclsyntax.Body {
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: r.between(from, to), EndRange: r.between(to, to)}
	for _, it := range items(r.src, from, to) {
		r.item(body, it)
	}
	return body
}

func (r *recovery) between(from, to int) hcl.Range {
	return hcl.Range{Filename: r.name, Start: r.pos(from), End: r.pos(to)}
}

// pos is Position, for many of them in one text.
func (r *recovery) pos(offset int) hcl.Pos {
	line := sort.SearchInts(r.lines, offset+1)
	return hcl.Pos{Line: line, Column: 1 + utf8.RuneCount(r.src[r.lines[line-1]:offset]), Byte: offset}
}

func (r *recovery) item(body *hclsyntax.Body, it item) {
	parsed, diags := parse(r.src[it.from:it.to], r.name, r.pos(it.from))
	if !diags.HasErrors() {
		r.add(body, parsed)
		return
	}
	before := len(r.diags)
	rest, ok := r.block(body, it)
	if ok && len(r.diags) > before {
		if len(bytes.TrimSpace(r.src[rest:it.to])) > 0 {
			r.item(body, item{from: rest, to: it.to, brace: -1})
		}
		return
	}
	r.report(diags, it)
	if !ok {
		r.lose(body, it)
	}
}

// report says what is wrong with an item. Where the parser found no end, it is the bracket that lacks one.
func (r *recovery) report(diags hcl.Diagnostics, it item) {
	explained := explain(within(diags, r.src, it.from, it.to), r.src)
	end := it.from + len(bytes.TrimRight(r.src[it.from:it.to], " \t\r\n"))
	first := explained[0]
	at, shows, found := unclosed(r.src, it.from, it.to)
	last := first.Subject == nil || first.Subject.End.Byte >= min(shows, end) || strings.HasPrefix(first.Summary, "Unterminated")
	if found && last && first.Summary != foreignOperator {
		r.diags = append(r.diags, diag.Error(r.between(at, at+1), "Unclosed bracket",
			"The %q that begins here is never closed: its %q is missing.", r.src[at:at+1], closers[r.src[at]]))
		return
	}
	r.diags = append(r.diags, explained...)
}

var closers = map[byte]string{'(': ")", '[': "]", '{': "}"}

// add takes what was read. What is there twice was within one item for the parser, or is a mistake of its own.
func (r *recovery) add(body, parsed *hclsyntax.Body) {
	for name, attr := range parsed.Attributes {
		if first := body.Attributes[name]; first != nil {
			r.diags = append(r.diags, redefined(attr, first))
			continue
		}
		body.Attributes[name] = attr
	}
	body.Blocks = append(body.Blocks, parsed.Blocks...)
}

func redefined(attr, first *hclsyntax.Attribute) *hcl.Diagnostic {
	return diag.Error(attr.NameRange, "Attribute redefined", "The attribute %q was already set at %s. An attribute stands once in a block: "+
		"remove one of the two.", attr.Name, first.NameRange)
}

// opening is the first line of a block of several lines; with labels, an equals sign may stand in it by mistake.
var opening = regexp.MustCompile(`^[ \t]*([A-Za-z_][\w-]*)((?:[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*))*)[ \t]*(=?)[ \t]*\{[ \t]*(?:(?:#|//)[^\n]*)?\r?\n`)

// block reads a block of several lines whose header can be read, and says where it ends.
func (r *recovery) block(body *hclsyntax.Body, it item) (int, bool) {
	m := opening.FindSubmatchIndex(r.src[it.from:it.to])
	if m == nil || m[6] < m[7] && m[4] == m[5] {
		return it.to, false
	}
	if m[6] < m[7] {
		r.diags = append(r.diags, diag.Error(r.between(it.from+m[6], it.from+m[7]), "Invalid block definition", noEqualsSign))
	}
	inner, rest, brace := it.from+m[1], it.to, it.brace
	if brace < inner {
		brace, rest = r.brace(it, inner)
	}
	block := r.header(it.from, m)
	body.Blocks = append(body.Blocks, block)
	if brace < 0 {
		r.diags = append(r.diags, diag.Error(block.DefRange(), "Unclosed configuration block",
			"The block that begins here is never closed: a } is missing, on a line of its own after the last line of the block."))
		block.Body, block.CloseBraceRange = r.body(inner, it.to), r.between(it.to, it.to)
		return it.to, true
	}
	block.Body, block.CloseBraceRange = r.body(inner, brace), r.between(brace, brace+1)
	return rest, true
}

// brace finds the line that closes a block, by its indentation, and where the next line begins.
func (r *recovery) brace(it item, inner int) (brace, rest int) {
	indent := width(r.src[it.from:it.to])
	for at := inner; at < it.to; {
		end := it.to
		if n := bytes.IndexByte(r.src[at:it.to], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := r.src[at:end]
		if n := width(line); n <= indent && n < len(line) && line[n] == '}' {
			return at + n, end
		}
		at = end
	}
	return -1, it.to
}

// header makes a block of its first line, whose words stand at the offsets of a match.
func (r *recovery) header(from int, m []int) *hclsyntax.Block {
	block := &hclsyntax.Block{Type: string(r.src[from+m[2] : from+m[3]]), TypeRange: r.between(from+m[2], from+m[3])}
	block.Labels, block.LabelRanges = r.labels(from+m[4], from+m[5])
	brace := from + m[5] + bytes.IndexByte(r.src[from+m[5]:], '{')
	block.OpenBraceRange = r.between(brace, brace+1)
	block.CloseBraceRange = block.OpenBraceRange
	return block
}

var label = regexp.MustCompile(`"[^"\n]*"|[A-Za-z_][\w-]*`)

func (r *recovery) labels(from, to int) (labels []string, ranges []hcl.Range) {
	for _, m := range label.FindAllIndex(r.src[from:to], -1) {
		labels = append(labels, string(bytes.Trim(r.src[from+m[0]:from+m[1]], `"`)))
		ranges = append(ranges, r.between(from+m[0], from+m[1]))
	}
	return labels, ranges
}

var (
	assigned = regexp.MustCompile(`^[ \t]*([A-Za-z_][\w-]*)[ \t]*(=)(?:[^=]|$)`)
	headed   = regexp.MustCompile(`^[ \t]*[A-Za-z_][\w-]*(?:[ \t]+(?:"[^"\n]*"|[A-Za-z_][\w-]*))*[ \t]*\{`)
	named    = regexp.MustCompile(`^[ \t]*([A-Za-z_][\w-]*)([^{=\n]*)`)
	only     = regexp.MustCompile(`^[^\n]*?\{[ \t]*([A-Za-z_][\w-]*)[ \t]*=`)
)

// lose keeps the place of an item that can't be read: an attribute whose value is an error, or a block that lacks something.
func (r *recovery) lose(body *hclsyntax.Body, it item) {
	src, end := r.src[it.from:it.to], it.from+len(bytes.TrimRight(r.src[it.from:it.to], " \t\r\n"))
	if m := assigned.FindSubmatchIndex(src); m != nil {
		attr := r.unread(it.from+m[2], it.from+m[3], it.from+m[4], end)
		if body.Attributes[attr.Name] == nil {
			body.Attributes[attr.Name] = attr
		}
		return
	}
	from := it.from
	if m := headed.FindIndex(src); m != nil {
		from += m[1] - 1 // all but the header
	}
	inner, lost := only.FindSubmatchIndex(src), from
	if inner != nil {
		lost = it.from + inner[3]
	}
	nameless := r.unread(lost, lost, lost, end)
	block := &hclsyntax.Block{Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{"": nameless}, SrcRange: nameless.SrcRange}}
	block.TypeRange, block.OpenBraceRange, block.CloseBraceRange = nameless.SrcRange, r.between(from, from), r.between(end, end)
	if m := named.FindSubmatchIndex(src); m != nil {
		block.Type, block.TypeRange = string(src[m[2]:m[3]]), r.between(it.from+m[2], it.from+m[3])
		block.Labels, block.LabelRanges = r.labels(it.from+m[4], it.from+m[5])
	}
	if inner != nil {
		attr := r.unread(it.from+inner[2], it.from+inner[3], lost, end)
		block.Body.Attributes[attr.Name] = attr
	}
	body.Blocks = append(body.Blocks, block)
	if from == it.from { // it may be an attribute as well
		body.Attributes[""] = nameless
	}
}

// unread is an attribute of which only the name could be read, if that; what is between from and end is lost.
func (r *recovery) unread(name, until, from, end int) *hclsyntax.Attribute {
	lost := r.between(from, max(from, end))
	r.lost = append(r.lost, lost)
	return &hclsyntax.Attribute{
		Name: string(r.src[name:until]), NameRange: r.between(name, until), SrcRange: lost, EqualsRange: lost,
		Expr: &hclsyntax.ExprSyntaxError{Placeholder: cty.DynamicVal, ParseDiags: hcl.Diagnostics{diag.Told(lost)}, SrcRange: lost},
	}
}
