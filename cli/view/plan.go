package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/automic-etl/etl/engine/plan"
)

// The formats of a plan.
const (
	FormatText     = "text"
	FormatJSON     = "json"
	FormatMarkdown = "markdown"
	FormatHTML     = "html"
)

// Plan prints a plan in one of the formats.
func Plan(w io.Writer, p *plan.Plan, format string, opt Options) error {
	encoded, err := encodePlan(redacted(p, opt.Sensitive))
	if err != nil {
		return err
	}
	return drawPlan(w, encoded, format, opt)
}

// drawPlan draws a plan's JSON: text, markdown and HTML know nothing that a program reading the JSON does not.
func drawPlan(w io.Writer, encoded []byte, format string, opt Options) error {
	if format == FormatJSON {
		_, err := w.Write(encoded)
		return err
	}
	var p plan.Plan
	if err := json.Unmarshal(encoded, &p); err != nil {
		return fmt.Errorf("reading the plan's JSON: %w", err)
	}
	switch format {
	case FormatText, "":
		return drawText(w, &p, opt)
	case FormatMarkdown:
		return drawMarkdown(w, &p)
	case FormatHTML:
		return drawHTML(w, &p)
	default:
		return fmt.Errorf("unknown format %q: the formats are text, json, markdown and html", format)
	}
}

// encodePlan is the plan's JSON without what only apply needs.
func encodePlan(p *plan.Plan) ([]byte, error) {
	shown := *p
	shown.Tables = append([]plan.Table{}, p.Tables...)
	for i := range shown.Tables {
		shown.Tables[i].Work = nil
	}
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(&shown); err != nil {
		return nil, fmt.Errorf("writing the plan as JSON: %w", err)
	}
	return buf.Bytes(), nil
}
