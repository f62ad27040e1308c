package syntax

import (
	"bytes"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// item is the stretch of a body that holds one attribute or block, in bytes of the file.
type item struct {
	from, to int
	// brace is where its last brace closes, or -1 if the brackets around it don't say.
	brace int
}

// items splits a body at its attributes and blocks: by its brackets, or if they aren't balanced, by its indentation.
func items(src []byte, from, to int) []item {
	if found, ok := balanced(src, from, to); ok {
		return found
	}
	return indented(src, from, to)
}

// closing is the token that closes another.
func closing(t hclsyntax.TokenType) hclsyntax.TokenType {
	switch t {
	case hclsyntax.TokenOBrace:
		return hclsyntax.TokenCBrace
	case hclsyntax.TokenOBrack:
		return hclsyntax.TokenCBrack
	case hclsyntax.TokenOParen:
		return hclsyntax.TokenCParen
	case hclsyntax.TokenOQuote:
		return hclsyntax.TokenCQuote
	case hclsyntax.TokenOHeredoc:
		return hclsyntax.TokenCHeredoc
	case hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		return hclsyntax.TokenTemplateSeqEnd
	}
	return hclsyntax.TokenNil
}

// opened is a bracket or quote that is open.
type opened struct {
	at    int
	until hclsyntax.TokenType
}

// nesting follows the brackets and quotes of a text.
type nesting struct {
	open  []opened
	wrong bool // one is closed that isn't the last one opened, or a quote ends with its line
}

func (n *nesting) add(t hclsyntax.Token) {
	last := len(n.open) - 1
	switch end := closing(t.Type); {
	case end != hclsyntax.TokenNil:
		n.open = append(n.open, opened{t.Range.Start.Byte, end})
	case last >= 0 && t.Type == n.open[last].until:
		n.open = n.open[:last]
	case t.Type == hclsyntax.TokenQuotedNewline || isClosing(t.Type):
		n.wrong = true
	}
}

func lex(src []byte, from, to int) hclsyntax.Tokens {
	tokens, _ := hclsyntax.LexConfig(src[from:to], "", hcl.Pos{Line: 1, Column: 1, Byte: from})
	return tokens
}

// unclosed finds the first bracket that is never closed, as the text ends or one around it is closed, and where that shows.
func unclosed(src []byte, from, to int) (at, shows int, found bool) {
	var n nesting
	for _, t := range lex(src, from, to) {
		n.add(t)
		if n.wrong && !slices.ContainsFunc(n.open, func(o opened) bool { return o.until == t.Type }) {
			return 0, 0, false // one too many
		}
		if n.wrong || t.Type == hclsyntax.TokenEOF {
			shows = t.Range.Start.Byte
			break
		}
	}
	if len(n.open) == 0 {
		return 0, 0, false
	}
	at = n.open[len(n.open)-1].at
	return at, shows, closers[src[at]] != ""
}

// balanced splits at the line ends outside of all brackets. It is false where a bracket or quote isn't closed.
func balanced(src []byte, from, to int) ([]item, bool) {
	var found []item
	var n nesting
	current := item{from: -1, brace: -1}
	for _, t := range lex(src, from, to) {
		n.add(t)
		switch {
		case n.wrong:
			return nil, false
		case t.Type == hclsyntax.TokenEOF || len(n.open) == 0 && endsLine(t):
			if current.from >= 0 {
				current.to = min(t.Range.End.Byte, to)
				found = append(found, current)
			}
			current = item{from: -1, brace: -1}
		case current.from < 0 && t.Type != hclsyntax.TokenComment:
			current.from = t.Range.Start.Byte
		case t.Type == hclsyntax.TokenCBrace:
			current.brace = t.Range.Start.Byte
		}
	}
	return found, len(n.open) == 0
}

func isClosing(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
		hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	return false
}

// endsLine is for line ends, and for comments, which hold theirs.
func endsLine(t hclsyntax.Token) bool {
	return t.Type == hclsyntax.TokenNewline || t.Type == hclsyntax.TokenComment && bytes.HasSuffix(t.Bytes, []byte{'\n'})
}

var (
	// start is how a line with an attribute or block begins.
	start = regexp.MustCompile(`^[ \t]*[A-Za-z_]`)
	// heredoc is the end of a line that begins a text of several lines.
	heredoc = regexp.MustCompile(`<<-?([A-Za-z_][\w-]*)[ \t\r]*$`)
	nothing = regexp.MustCompile(`^[ \t\r]*(?:(?:#|//).*)?$`)
)

// indented splits where a line begins with a name and isn't indented more than the attribute or block before.
func indented(src []byte, from, to int) []item {
	var found []item
	indent, text := 0, ""
	for at := from; at < to; {
		end := to
		if n := bytes.IndexByte(src[at:to], '\n'); n >= 0 {
			end = at + n + 1
		}
		line := bytes.TrimRight(src[at:end], "\n")
		switch {
		case text != "":
			if string(bytes.TrimSpace(line)) == text {
				text = ""
			}
		case len(found) == 0 && nothing.Match(line):
			at = end
			continue
		case len(found) == 0 || start.Match(line) && width(line) <= indent:
			found = append(found, item{from: at, brace: -1})
			indent = width(line)
		}
		if m := heredoc.FindSubmatch(line); text == "" && m != nil && terminated(src[end:to], m[1]) {
			text = string(m[1])
		}
		found[len(found)-1].to = end
		at = end
	}
	return found
}

// width is how far a line is indented.
func width(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " \t")) }

// terminated says whether a heredoc ends in what follows it.
func terminated(rest, word []byte) bool {
	for line := range bytes.Lines(rest) {
		if bytes.Equal(bytes.TrimSpace(line), word) {
			return true
		}
	}
	return false
}
