package duckdb

import (
	"fmt"
	"strings"
	"time"
)

// At is the query's text with every call for the current time replaced by the given one, in UTC. Offsets of errors in the
// new text are those of the old one up to the first such call.
func (q *Query) At(now time.Time) string {
	var b strings.Builder
	from := 0
	for _, call := range q.Instants {
		b.WriteString(q.Text[from:call.Offset])
		b.WriteString(instantLiteral(instant(call.Name), now.UTC()))
		from = call.Offset + call.Length
	}
	b.WriteString(q.Text[from:])
	return b.String()
}

func instantLiteral(kind string, now time.Time) string {
	layout := map[string]string{
		"TIMESTAMPTZ": "2006-01-02 15:04:05.000000+00",
		"TIMESTAMP":   "2006-01-02 15:04:05.000000",
		"DATE":        "2006-01-02",
		"TIME":        "15:04:05.000000",
		"TIMETZ":      "15:04:05.000000+00",
	}[kind]
	return fmt.Sprintf("(%s '%s')", kind, now.Format(layout))
}
