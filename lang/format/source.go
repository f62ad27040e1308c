// Package format is the canonical layout of files: what `etl fmt` writes.
package format

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/automic-etl/etl/lang/syntax"
)

// Source lays out a file canonically: HCL's alignment, one blank line between blocks, no blank lines at the beginning
// and end of a body, no spaces at the ends of lines, one newline at the end, no byte order mark. What a file with a
// syntax error means isn't known, so it isn't touched.
func Source(src []byte, filename string) ([]byte, hcl.Diagnostics) {
	if _, diags := syntax.Parse(src, filename); diags.HasErrors() {
		return src, diags
	}
	src = bytes.ReplaceAll(syntax.WithoutMark(src), []byte("\r\n"), []byte("\n"))
	lines := split(hclwrite.Format(src), filename)
	var out bytes.Buffer
	for _, l := range space(lines) {
		out.Write(l.text)
		out.WriteByte('\n')
	}
	return out.Bytes(), nil
}

// line is a line of a file with what its layout depends on.
type line struct {
	text []byte
	// verbatim lines stand within a heredoc or a comment over several lines: not a character may change.
	verbatim bool
	comment  bool // nothing but a comment
	opens    bool // a block begins here and ends on a later line
	closes   bool // the block's closing brace
	short    bool // a whole block on one line
	kind     string
	depth    int // of blocks around the line
}

func (l line) blank() bool { return !l.verbatim && len(l.text) == 0 }

// split finds the lines and what they are. The source is known to parse.
func split(src []byte, filename string) []line {
	raw := bytes.Split(bytes.TrimRight(src, "\n"), []byte{'\n'})
	lines := make([]line, len(raw))
	for i, text := range raw {
		lines[i].text = text
	}
	tokens, _ := hclsyntax.LexConfig(src, filename, hcl.InitialPos)
	for _, t := range tokens {
		markToken(lines, t)
	}
	for i := range lines {
		if !lines[i].verbatim {
			lines[i].text = bytes.TrimRight(lines[i].text, " \t\r")
		}
	}
	f, _ := hclsyntax.ParseConfig(src, filename, hcl.InitialPos)
	if body, ok := f.Body.(*hclsyntax.Body); ok {
		markBlocks(lines, body, 0)
	}
	return lines
}

// markToken marks the lines that a heredoc or comment fills.
func markToken(lines []line, t hclsyntax.Token) {
	first, last := t.Range.Start.Line-1, t.Range.End.Line-1
	switch t.Type {
	case hclsyntax.TokenComment:
		if !bytes.HasPrefix(t.Bytes, []byte("/*")) {
			last = first // it ends with its line
		}
		if bytes.HasPrefix(bytes.TrimLeft(lines[first].text, " \t"), t.Bytes[:1]) {
			lines[first].comment = true
		}
		for i := first + 1; i <= last; i++ {
			lines[i].comment = lines[first].comment
		}
		verbatim(lines, first, last)
	case hclsyntax.TokenStringLit, hclsyntax.TokenCHeredoc:
		verbatim(lines, first, last)
	}
}

// verbatim marks all lines but the last, of which the end is free to change.
func verbatim(lines []line, first, last int) {
	for i := first; i < last && i < len(lines); i++ {
		lines[i].verbatim = true
	}
}

func markBlocks(lines []line, body *hclsyntax.Body, depth int) {
	for _, b := range body.Blocks {
		first, last := b.TypeRange.Start.Line-1, b.CloseBraceRange.Start.Line-1
		lines[first].kind = b.Type
		if first == last {
			lines[first].short = true
			continue
		}
		lines[first].opens, lines[last].closes = true, true
		for i := first + 1; i < last; i++ {
			lines[i].depth = depth + 1
		}
		markBlocks(lines, b.Body, depth+1)
	}
}
