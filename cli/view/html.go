package view

import (
	_ "embed" // the page's template
	"fmt"
	"html/template"
	"io"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

//go:embed plan.html.tmpl
var planPage string

// drawHTML is the plan as one page that needs nothing else: no script, no font, no network.
func drawHTML(w io.Writer, p *plan.Plan) error {
	page, err := template.New("plan").Funcs(pageFunctions()).Parse(planPage)
	if err != nil {
		return fmt.Errorf("reading the page's template: %w", err)
	}
	return page.Execute(w, p)
}

// pageFunctions give the page the same words as the text.
func pageFunctions() template.FuncMap {
	return template.FuncMap{
		"shown": func(t plan.Table) bool { return shown(&t) },
		"idle":  func(p *plan.Plan) bool { return idle(p) },
		"label": func(t plan.Table) string { return label(&t) },
		"sign":  sign, "summary": summary, "total": total,
		"nothing":   func(p *plan.Plan) string { return nothing(p) },
		"sentences": pageSentences,
		"closing":   pageClosing,
		"shortened": shortened,
		"visible":   visible,
		"type":      typeName,
		"count":     func(n int) string { return Count(int64(n)) },
	}
}

// pageSentences stand before a table's changes.
func pageSentences(t plan.Table) []string {
	return filled(origin(&t), because(&t), loses(&t))
}

// pageClosing stand after them.
func pageClosing(t plan.Table) []string {
	return filled(traffic(&t), checked(&t), readBy(&t))
}

func filled(texts ...string) []string {
	var out []string
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}

func typeName(t coltype.Type) string { return visible(t.String()) }
