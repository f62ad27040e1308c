package view

import (
	"encoding/json"
	"io"
)

// JSON prints a value as one indented document.
func JSON(w io.Writer, value any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(value)
}
