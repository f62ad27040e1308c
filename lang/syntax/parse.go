package syntax

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Parse parses one file. HCL's parser stops at the first syntax error, so a file with one is split at its top-level
// blocks, and a block with one at what stands in it.
func Parse(src []byte, name string) (*File, hcl.Diagnostics) {
	src = WithoutMark(src)
	if d := encoding(src, name); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	if d := TooDeep(src, name); d != nil {
		return unreadFile(name, src), hcl.Diagnostics{d}
	}
	body, diags := parse(src, name, hcl.InitialPos)
	if !diags.HasErrors() {
		return &File{Name: name, Bytes: src, Body: body}, nil
	}
	return parts(src, name)
}

func parse(src []byte, name string, start hcl.Pos) (*hclsyntax.Body, hcl.Diagnostics) {
	f, diags := hclsyntax.ParseConfig(src, name, start)
	body, ok := f.Body.(*hclsyntax.Body)
	if !ok {
		body = &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}
	}
	return body, diags
}

// parts reads each top-level block alone, item by item where it has mistakes, and puts together what was understood.
func parts(src []byte, name string) (*File, hcl.Diagnostics) {
	r := newRecovery(src, name)
	body := &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: r.between(0, len(src))}
	from := 0
	for _, to := range append(starts(src), len(src)) {
		r.part(body, from, to)
		from = to
	}
	return &File{Name: name, Bytes: src, Body: body, Lost: r.lost}, r.diags
}

// part reads the text of a top-level block.
func (r *recovery) part(body *hclsyntax.Body, from, to int) {
	parsed, mistakes := parse(r.src[from:to], r.name, r.pos(from))
	if !mistakes.HasErrors() {
		r.add(body, parsed)
		return
	}
	before := len(r.diags)
	for _, it := range items(r.src, from, to) {
		r.item(body, it)
	}
	if len(r.diags) == before { // nothing is wrong with the items alone
		r.diags = append(r.diags, explain(within(mistakes, r.src, from, to), r.src)...)
	}
}

// within moves what the parser says of the end of a block's text, where something is missing, back to its last character:
// the next block isn't to blame.
func within(diags hcl.Diagnostics, src []byte, from, to int) hcl.Diagnostics {
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Start.Byte < to {
			continue
		}
		end := from + len(bytes.TrimRight(src[from:to], " \t\r\n"))
		last := hcl.Range{Filename: d.Subject.Filename, Start: Position(src, max(from, end-1)), End: Position(src, end)}
		d.Subject, d.Context = &last, nil
	}
	return diags
}

// header matches what looks like the first line of a block that begins in the first column.
var header = regexp.MustCompile(`(?m)^([a-zA-Z_][a-zA-Z0-9_-]*)((?:[ \t]+"[^"\n]*")*)[ \t]*\{`)

// starts are the offsets of the lines where a top-level block seems to begin. They must not depend on braces or quotes
// being balanced, as the mistake may be just there; so a block counts if it begins in the first column.
func starts(src []byte) []int {
	var at []int
	for _, m := range header.FindAllSubmatchIndex(src, -1) {
		word, labelled := string(src[m[2]:m[3]]), m[5] > m[4]
		if m[0] > 0 && topLevel(word, labelled) {
			at = append(at, m[0])
		}
	}
	return at
}

func topLevel(word string, labelled bool) bool {
	switch word {
	case "etl", "locals", "lakehouse":
		return true
	case "expect", "write", "column", "join", "extract", "catalog", "compute", "dynamic", "field":
		return false // nested blocks that somebody didn't indent
	}
	return labelled && !strings.HasPrefix(word, "_")
}
