package postgres

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/providers/postgres/column"
)

func quoteName(name string) string { return strconv.Quote(name) }

// shown is one value of a row in words.
func (s *selection) shown(values column.Values, i int) string {
	return column.Show(values[i], s.copied[i].shape, s.copied[i].format)
}

// rawText writes a row as an object of texts in JSON, columns in their order.
func (s *selection) rawText(values column.Values) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, c := range s.copied {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoteJSON(c.name))
		b.WriteString(": ")
		if values[i] == nil {
			b.WriteString("null")
			continue
		}
		b.WriteString(quoteJSON(s.shown(values, i)))
	}
	b.WriteByte('}')
	return b.String()
}

func quoteJSON(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSuffix(b.String(), "\n")
}
