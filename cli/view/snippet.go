package view

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// tabStop is the distance of tab stops in printed source.
const tabStop = 4

// longestLine is how much of a source line is printed.
const longestLine = 160

// snippet is the line of source that a diagnostic points at.
type snippet struct {
	context string // the block's header; empty outside of blocks
	code    string // the line
	mark    span   // the exact characters, in bytes of code
}

// contextual is what HCL's own syntax offers for finding the block around a position.
type contextual interface{ ContextString(offset int) string }

// sources are the project's files, with their syntax as far as it was asked for.
type sources struct {
	files  map[string]*hcl.File
	syntax map[string]contextual
}

func newSources(files map[string]*hcl.File) sources {
	return sources{files: files, syntax: map[string]contextual{}}
}

// snippet finds the source of a range. False: the file isn't there, or has changed since it was read.
func (s sources) snippet(r hcl.Range) (snippet, bool) {
	file := s.files[r.Filename]
	if file == nil || r.Start.Byte > len(file.Bytes) || r.Start.Byte < 0 {
		return snippet{}, false
	}
	start := bytes.LastIndexByte(file.Bytes[:r.Start.Byte], '\n') + 1
	end := len(file.Bytes)
	if n := bytes.IndexByte(file.Bytes[r.Start.Byte:], '\n'); n >= 0 {
		end = r.Start.Byte + n
	}
	code := strings.TrimRight(string(file.Bytes[start:end]), "\r")
	from := min(r.Start.Byte-start, len(code))
	to := max(min(r.End.Byte-start, len(code)), from)
	return snippet{context: s.context(r), code: code, mark: span{from, to}}, true
}

// blocks finds the block around a position in a body that was read, however broken the file is.
type blocks struct{ body *hclsyntax.Body }

// ContextString is the header of the block around an offset, the later one where a block ends as the next begins.
func (b blocks) ContextString(offset int) string {
	header := ""
	for _, block := range b.body.Blocks {
		if at := block.Range(); at.Start.Byte > offset || offset > at.End.Byte {
			continue
		}
		header = block.Type
		for _, label := range block.Labels {
			header += " " + strconv.Quote(label)
		}
	}
	return header
}

// context is the header of the block around a range. A file that comes without its syntax is read, once.
func (s sources) context(r hcl.Range) string {
	nav, known := s.syntax[r.Filename]
	if !known {
		file := s.files[r.Filename]
		body, read := file.Body.(*hclsyntax.Body)
		if file.Nav == nil && !read && strings.HasSuffix(r.Filename, ".hcl") {
			file, _ = hclsyntax.ParseConfig(file.Bytes, r.Filename, hcl.InitialPos)
		}
		if nav, _ = file.Nav.(contextual); nav == nil && read {
			nav = blocks{body}
		}
		s.syntax[r.Filename] = nav
	}
	if nav == nil {
		return ""
	}
	return nav.ContextString(r.Start.Byte)
}

// lines draws the source line and the carets under the exact characters, each after a gutter.
func (s snippet) lines(number string, hide redactor) (code, carets string) {
	text, mark := hide.marked(s.code, s.mark)
	before, marked, after := text[:mark.start], text[mark.start:mark.end], text[mark.end:]
	shownBefore, skipped := expand(before, 0), ""
	if columns(shownBefore) > longestLine/2 {
		shownBefore, skipped = lastColumns(shownBefore, longestLine/2), "…"
	}
	offset := columns(skipped + shownBefore)
	shownMark := cut(expand(marked, offset), longestLine/2)
	rest := cut(expand(after, offset+columns(shownMark)), longestLine/2)
	gutter := "  " + number + ": "
	code = gutter + skipped + shownBefore + shownMark + rest
	carets = strings.Repeat(" ", len(gutter)+offset) + strings.Repeat("^", max(1, columns(shownMark)))
	return strings.TrimRight(code, " "), carets
}

// lastColumns is the end of a text.
func lastColumns(text string, n int) string {
	skip := columns(text) - n
	for rest := []byte(text); skip > 0 && len(rest) > 0; {
		size, cluster, err := textseg.ScanGraphemeClusters(rest, true)
		if err != nil || size == 0 {
			break
		}
		skip -= clusterColumns(string(cluster))
		rest = rest[size:]
		text = text[size:]
	}
	return text
}

// expand turns tabs into spaces and spells out what would not show, for text that starts at a column.
func expand(text string, column int) string {
	if !strings.Contains(text, "\t") {
		return visible(text)
	}
	var b strings.Builder
	at := column
	for i, part := range strings.Split(text, "\t") {
		if i > 0 {
			n := tabStop - at%tabStop
			b.WriteString(strings.Repeat(" ", n))
			at += n
		}
		part = visible(part)
		b.WriteString(part)
		at += columns(part)
	}
	return b.String()
}
