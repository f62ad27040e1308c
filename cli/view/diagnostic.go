package view

import (
	"io"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostics prints what is wrong, where, why, and how to mend it. With opt.JSON, one object a line.
func Diagnostics(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, opt Options) error {
	if opt.JSON {
		return diagnosticEvents(w, diags, files, opt)
	}
	p := printer{sources: newSources(files), opt: opt, hide: newRedactor(opt.Sensitive)}
	var b strings.Builder
	for i, d := range fold(diags) {
		if i > 0 {
			b.WriteString("\n")
		}
		p.print(&b, d)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printer prints diagnostics as text.
type printer struct {
	sources sources
	opt     Options
	hide    redactor
}

func (p printer) print(b *strings.Builder, d folded) {
	word, s := "Error: ", danger
	if d.Severity == hcl.DiagWarning {
		word, s = "Warning: ", notice
	}
	b.WriteString(p.opt.paint(s, word) + p.opt.paint(bold, visible(p.hide.text(d.Summary))) + "\n\n")
	if d.Subject != nil {
		p.source(b, d, s)
	}
	if d.Detail != "" {
		b.WriteString(strings.Join(p.detail(d.Detail), "\n") + "\n")
	}
	if len(d.also) > 0 {
		b.WriteString(strings.Join(wrap("The same "+p.places(d.also)+".", p.opt.width()), "\n") + "\n")
	}
}

// detail is the explanation, wrapped.
func (p printer) detail(text string) []string {
	lines := strings.Split(p.hide.text(text), "\n")
	for i, l := range lines {
		lines[i] = visible(l)
	}
	return wrap(strings.Join(lines, "\n"), p.opt.width())
}

// source is the place, the line and the values that took part.
func (p printer) source(b *strings.Builder, d folded, s style) {
	place := "  on " + where(*d.Subject)
	found, ok := p.sources.snippet(*d.Subject)
	if !ok {
		b.WriteString(place + ":\n")
		return
	}
	if found.context != "" {
		place += ", in " + visible(found.context)
	}
	b.WriteString(place + ":\n")
	if strings.TrimSpace(found.code) != "" { // an empty line shows nothing, nor does a caret under it
		code, carets := found.lines(strconv.Itoa(d.Subject.Start.Line), p.hide)
		b.WriteString(code + "\n" + p.opt.paint(s, carets) + "\n")
	}
	for _, v := range values(d.Diagnostic) {
		b.WriteString("  " + p.opt.paint(dim, visible(p.hide.text(v))) + "\n")
	}
}

// places names where else, the first few.
func (p printer) places(ranges []hcl.Range) string {
	names := make([]string, len(ranges))
	for i, r := range ranges {
		names[i] = "on " + where(r)
	}
	return enumerate(names, 6)
}

// where is a file and its line; what is no file, as the flag -var, has no lines.
func where(r hcl.Range) string {
	if r.Start.Line == 0 || strings.HasPrefix(r.Filename, "-") {
		return visible(r.Filename)
	}
	return visible(r.Filename) + " line " + strconv.Itoa(r.Start.Line)
}
