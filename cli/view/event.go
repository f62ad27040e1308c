package view

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/hashicorp/hcl/v2"
)

// DocumentVersion is of the diagnostics' document. It grows with additions.
const DocumentVersion = 1

// diagnosticJSON is one diagnostic for programs.
type diagnosticJSON struct {
	Severity string       `json:"severity"`
	Summary  string       `json:"summary"`
	Detail   string       `json:"detail,omitempty"`
	Range    *rangeJSON   `json:"range,omitempty"`
	Snippet  *snippetJSON `json:"snippet,omitempty"`
	Values   []string     `json:"values,omitempty"`
	Also     []rangeJSON  `json:"also,omitempty"`
}

type rangeJSON struct {
	Filename string       `json:"filename"`
	Start    positionJSON `json:"start"`
	End      positionJSON `json:"end"`
}

type positionJSON struct {
	Line   int `json:"line"`
	Column int `json:"column"`
	Byte   int `json:"byte"`
}

// snippetJSON is the source line; start and end count the bytes of code.
type snippetJSON struct {
	Context string `json:"context,omitempty"`
	Code    string `json:"code"`
	Start   int    `json:"start"`
	End     int    `json:"end"`
}

// diagnosticEvents prints one object a line.
func diagnosticEvents(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, opt Options) error {
	for _, d := range diagnosticDocuments(diags, files, opt) {
		err := writeEvent(w, struct {
			Type string `json:"type"`
			diagnosticJSON
		}{"diagnostic", d})
		if err != nil {
			return err
		}
	}
	return nil
}

// DiagnosticsDocument prints all diagnostics as one document: what `validate -format=json` answers.
func DiagnosticsDocument(w io.Writer, diags hcl.Diagnostics, files map[string]*hcl.File, opt Options) error {
	errors := 0
	for _, d := range diags {
		if d.Severity == hcl.DiagError {
			errors++
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Version     int              `json:"format_version"`
		Valid       bool             `json:"valid"`
		Errors      int              `json:"error_count"`
		Warnings    int              `json:"warning_count"`
		Diagnostics []diagnosticJSON `json:"diagnostics"`
	}{DocumentVersion, errors == 0, errors, len(diags) - errors, diagnosticDocuments(diags, files, opt)})
}

func diagnosticDocuments(diags hcl.Diagnostics, files map[string]*hcl.File, opt Options) []diagnosticJSON {
	hide, from := newRedactor(opt.Sensitive), newSources(files)
	out := []diagnosticJSON{}
	for _, d := range fold(diags) {
		out = append(out, diagnosticDocument(d, from, hide))
	}
	return out
}

func diagnosticDocument(d folded, from sources, hide redactor) diagnosticJSON {
	doc := diagnosticJSON{Severity: "error", Summary: hide.text(d.Summary), Detail: hide.text(d.Detail)}
	if d.Severity == hcl.DiagWarning {
		doc.Severity = "warning"
	}
	for _, v := range values(d.Diagnostic) {
		doc.Values = append(doc.Values, hide.text(v))
	}
	for _, r := range d.also {
		doc.Also = append(doc.Also, rangeDocument(r))
	}
	if d.Subject == nil {
		return doc
	}
	r := rangeDocument(*d.Subject)
	doc.Range = &r
	if found, ok := from.snippet(*d.Subject); ok {
		code, mark := hide.marked(found.code, found.mark)
		doc.Snippet = &snippetJSON{Context: found.context, Code: code, Start: mark.start, End: mark.end}
	}
	return doc
}

func rangeDocument(r hcl.Range) rangeJSON {
	return rangeJSON{
		Filename: r.Filename,
		Start:    positionJSON{r.Start.Line, r.Start.Column, r.Start.Byte},
		End:      positionJSON{r.End.Line, r.End.Column, r.End.Byte},
	}
}

// writeEvent prints one object on a line of its own.
func writeEvent(w io.Writer, event any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(event); err != nil {
		return fmt.Errorf("writing an event: %w", err)
	}
	return nil
}
