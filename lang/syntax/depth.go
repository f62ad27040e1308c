package syntax

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/diag"
)

// MaxDepth bounds how deep blocks and expressions nest. HCL's parser calls itself for each level, and a file made to
// exhaust its stack would end the whole process.
const MaxDepth = 500

// A chain of operators, a + b + c, is read in a loop but evaluated level by level: each costs a part of a level.
const (
	level = 20
	link  = 1
)

// TooDeep refuses a text that nests deeper than the bound, before it is parsed.
func TooDeep(src []byte, name string) *hcl.Diagnostic {
	if !suspicious(src) {
		return nil
	}
	tokens, _ := hclsyntax.LexConfig(src, name, hcl.InitialPos)
	var m depthMeter
	for _, t := range tokens {
		if m.add(t.Type) > MaxDepth*level {
			return diag.Error(t.Range, "Nested too deeply", "What stands here lies more than %d levels deep within brackets, operators or "+
				"blocks. Split it up, by locals for instance.", MaxDepth)
		}
	}
	return nil
}

// suspicious is a cheap first look: it misses no text that nests too deeply, and few others come near.
func suspicious(src []byte) bool {
	depth, questions, signs, operators := 0, 0, 0, 0
	for _, c := range src {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(0, depth-1)
		case '?':
			questions++
		case '+', '*', '/', '%', '<', '>', '=', '&', '|', '.':
			operators++
		}
		switch c {
		case '-', '!':
			signs++
			operators++
		case ' ', '\t', '\n':
		default:
			signs = 0
		}
		if max(depth, questions, signs, operators/level) > MaxDepth/4 {
			return true
		}
	}
	return false
}

// depthMeter counts what the parser and the evaluation have to go down for each token.
type depthMeter struct {
	open  []bracket
	total int // of what is open
	here  int // conditions, signs and operators that haven't ended on this level
}

type bracket struct {
	kind hclsyntax.TokenType
	here int // of the level around it
}

func (m *depthMeter) add(t hclsyntax.TokenType) int {
	switch t {
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenOBrace, hclsyntax.TokenTemplateInterp,
		hclsyntax.TokenTemplateControl, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc:
		m.here += link
		m.open = append(m.open, bracket{t, m.here})
		m.total += m.here + level
		m.here = 0
	case hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCBrace, hclsyntax.TokenTemplateSeqEnd,
		hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc:
		if n := len(m.open); n > 0 {
			m.here = m.open[n-1].here
			m.total -= m.here + level
			m.open = m.open[:n-1]
		}
	case hclsyntax.TokenMinus, hclsyntax.TokenBang, hclsyntax.TokenQuestion:
		m.here += level
	case hclsyntax.TokenComma:
		m.here = 0
	case hclsyntax.TokenNewline:
		if n := len(m.open); n == 0 || m.open[n-1].kind == hclsyntax.TokenOBrace {
			m.here = 0
		}
	case hclsyntax.TokenPlus, hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd,
		hclsyntax.TokenOr, hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
		hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq, hclsyntax.TokenDot:
		m.here += link
	}
	return m.total + m.here
}
