package planner

import (
	"context"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
)

// sqlFacts is what a table's SQL says of itself.
type sqlFacts struct {
	Names    []sqlName `json:"names"`
	Volatile []string  `json:"volatile,omitempty"` // functions that may give something else each time
}

// sqlName is a table named in SQL and where.
type sqlName struct {
	Ident  addr.Ident
	Offset int
}

// sqlNames reads what a table's SQL names, remembered by the text.
func (r *planning) sqlFacts(ctx context.Context, t *config.Table) (sqlFacts, hcl.Diagnostics) {
	key := memoKey("facts", t.SQL.Text)
	var facts sqlFacts
	if r.memo.get(key, &facts) {
		return facts, nil
	}
	engine, err := r.Compute(ctx)
	if err != nil {
		return facts, hcl.Diagnostics{computeFailed(t.Range, err)}
	}
	parsed, err := engine.Parse(ctx, t.SQL.Text)
	if err != nil {
		return facts, sqlMistakes(t.SQL, err)
	}
	for _, ref := range parsed.Tables {
		facts.Names = append(facts.Names, sqlName{Ident: ref.Ident, Offset: ref.Offset})
	}
	for _, call := range parsed.Volatile {
		facts.Volatile = append(facts.Volatile, call.Name)
	}
	r.memo.put(key, facts)
	return facts, nil
}

// sqlMistakes point into the SQL where the engine says what is wrong with it.
func sqlMistakes(s *config.SQL, err error) hcl.Diagnostics {
	mistakes := duckdb.Mistakes(err)
	if len(mistakes) == 0 {
		return hcl.Diagnostics{computeFailed(s.Range, err)}
	}
	var diags hcl.Diagnostics
	for _, m := range mistakes {
		diags = append(diags, diag.Error(sqlRange(s, m.Offset, wordLength(s.Text, m.Offset)), m.Summary, "%s%s", m.Detail, m.Suggestion()))
	}
	return diags
}

// wordLength is the length of the name or sign at an offset.
func wordLength(text string, offset int) int {
	if offset < 0 || offset >= len(text) {
		return 1
	}
	n := strings.IndexFunc(text[offset:], func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' && r != '.' })
	if n < 0 {
		n = len(text) - offset
	}
	return max(n, 1)
}
