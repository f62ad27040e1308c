package syntax

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Parse parses one file. HCL's parser stops at the first syntax error, so a file with one is split at its top-level
// blocks and each is parsed alone.
func Parse(src []byte, name string) (*File, hcl.Diagnostics) {
	if d := encoding(src, name); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	if d := TooDeep(src, name); d != nil {
		return &File{Name: name, Bytes: src, Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}}, hcl.Diagnostics{d}
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

// parts parses each top-level block alone and puts together what was understood.
func parts(src []byte, name string) (*File, hcl.Diagnostics) {
	file := &File{
		Name: name, Bytes: src,
		Body:   &hclsyntax.Body{Attributes: hclsyntax.Attributes{}, SrcRange: whole(src, name)},
		Broken: map[*hclsyntax.Block]bool{},
	}
	var diags hcl.Diagnostics
	line, from := 1, 0
	for _, to := range append(starts(src), len(src)) {
		part := src[from:to]
		start := hcl.Pos{Line: line, Column: 1, Byte: from}
		body, mistakes := parse(part, name, start)
		diags = append(diags, explain(within(mistakes, src, from, to), src)...)
		file.add(body, mistakes.HasErrors())
		line += bytes.Count(part, []byte{'\n'})
		from = to
	}
	return file, diags
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

func (f *File) add(body *hclsyntax.Body, broken bool) {
	for name, attr := range body.Attributes {
		f.Body.Attributes[name] = attr
	}
	for _, block := range body.Blocks {
		f.Body.Blocks = append(f.Body.Blocks, block)
		if broken {
			f.Broken[block] = true
		}
	}
}

func whole(src []byte, name string) hcl.Range {
	return hcl.Range{Filename: name, Start: hcl.InitialPos, End: Position(src, len(src))}
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
