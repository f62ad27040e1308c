package decode

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"

	"github.com/automic-etl/etl/lang/secret"
)

// Reference spells where a sensitive value comes from, never the value: `env("SHOP_DSN")`, `var.shop_dsn`. Text that
// stands around it is kept unless the attribute itself is sensitive, as then the text may be the secret.
func Reference(e hclsyntax.Expression, files map[string]*hcl.File, sensitive bool) string {
	rng := e.Range()
	file := files[rng.Filename]
	if file == nil || sensitive && !plain(e) || inline(string(rng.SliceBytes(file.Bytes))) {
		return "(sensitive" + strings.Join(append([]string{""}, sources(e)...), " ") + ")"
	}
	return layout(rng.SliceBytes(file.Bytes))
}

// plain says whether an expression holds no text of its own that could be a secret.
func plain(e hclsyntax.Expression) bool {
	switch e := e.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return true
	case *hclsyntax.FunctionCallExpr:
		return e.Name == "env" || e.Name == "secret"
	}
	return false
}

// inline says whether a secret stands in the expression itself, as a URL that is one.
func inline(text string) bool {
	for part := range strings.SplitSeq(text, "\"") {
		if secret.Inline(part) {
			return true
		}
	}
	return false
}

// sources are the references within an expression, sorted.
func sources(e hclsyntax.Expression) []string {
	seen := map[string]bool{}
	for _, t := range e.Variables() {
		text := ""
		for _, step := range t {
			switch s := step.(type) {
			case hcl.TraverseRoot:
				text = s.Name
			case hcl.TraverseAttr:
				text += "." + s.Name
			}
		}
		seen[text] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// layout spells an expression without comments and line breaks, in canonical spacing.
func layout(src []byte) string {
	tokens, _ := hclsyntax.LexExpression(src, "", hcl.InitialPos)
	var kept hclwrite.Tokens
	last := hclsyntax.TokenNil
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenComment, hclsyntax.TokenNewline, hclsyntax.TokenEOF:
			continue
		}
		token := &hclwrite.Token{Type: t.Type, Bytes: t.Bytes, SpacesBefore: 1}
		if inText(t.Type) || last == hclsyntax.TokenOQuote || last == hclsyntax.TokenTemplateInterp {
			token.SpacesBefore = 0
		}
		kept = append(kept, token)
		last = t.Type
	}
	return strings.TrimSpace(string(hclwrite.Format(kept.Bytes())))
}

// inText says whether a space before a token would be part of a text.
func inText(t hclsyntax.TokenType) bool {
	switch t {
	case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc,
		hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl, hclsyntax.TokenTemplateSeqEnd:
		return true
	}
	return false
}
