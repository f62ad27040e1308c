package compile

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// SQLTable compiles a table that is written as SQL. Columns are what the compute engine says that the text gives, in
// our types; the query casts to them what DuckDB has more of (unsigned numbers, enums, other precisions).
func SQLTable(t *config.Table, columns coltype.Schema) (*Compiled, hcl.Diagnostics) {
	diags := sqlColumns(t, columns)
	stored, more := Stored(t, columns, StateRows)
	declared := Given(t.Write, stored)
	diags = append(diags, more...)
	text, ok := statement(t.SQL.Text)
	if !ok {
		diags = append(diags, sqlProblem(t, "Several statements", "sql is one SELECT, but there is something after its semicolon. Make a table of each.")...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	selects := make([]string, len(declared))
	for i, f := range declared {
		selects[i] = dialect.Cast(`"q".`+dialect.Ident(f.Name), f.Type) + " AS " + dialect.Ident(f.Name)
	}
	query := "SELECT " + strings.Join(selects, ", ") + " FROM (\n" + text + "\n) AS \"q\""
	return &Compiled{
		Query: query, Columns: unnumbered(stored), Rows: unnumbered(declared), Kind: StateRows, Now: ducksql.UsesNow(query),
		Incremental: Incremental{Kind: Recompute, Why: "recomputes fully: plain SQL"},
	}, diags
}

// Partitions gives the partitions that rows of a query's input touch as the output has them. keys is a query of them, with a
// column for each of by.
func Partitions(keys string, by []string, columns coltype.Schema) string {
	selects, names := make([]string, len(by)), make([]string, len(by))
	for i, name := range by {
		f, _ := columns.Lookup(name)
		names[i] = keyName(i)
		selects[i] = dialect.Cast(names[i], f.Type) + " AS " + dialect.Ident(name)
	}
	return "SELECT DISTINCT " + strings.Join(selects, ", ") + " FROM (\n" + keys + "\n) AS \"keys\"(" + strings.Join(names, ", ") + ")"
}

func sqlProblem(t *config.Table, summary, detail string) hcl.Diagnostics {
	rng := t.SQL.Range
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}}
}

func sqlColumns(t *config.Table, columns coltype.Schema) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if len(columns) == 0 {
		return sqlProblem(t, "Table without columns", "This query gives no columns.")
	}
	seen := map[string]string{}
	var reserved []string
	for i, f := range columns {
		other, twice := seen[strings.ToLower(f.Name)]
		switch {
		case f.Name == "":
			diags = append(diags, sqlProblem(t, "Column without a name", fmt.Sprintf("Column %d of this query has no name. Give it one: … AS total.", i+1))...)
		case twice:
			diags = append(diags, sqlProblem(t, "Duplicate column", fmt.Sprintf(
				"This query gives the columns %q and %q, which are one name to engines that read the table. Rename one: … AS other.", other, f.Name))...)
		case strings.HasPrefix(f.Name, reservedPrefix) && f.Name != loadedAt:
			reserved = append(reserved, f.Name)
		case incomplete(f.Type) != "":
			diags = append(diags, sqlProblem(t, "Column without a type", fmt.Sprintf(
				"The column %q of this query has no type that a table can hold. Cast it: CAST(… AS VARCHAR) AS %s.", f.Name, f.Name))...)
		}
		seen[strings.ToLower(f.Name)] = f.Name
	}
	if len(reserved) > 0 {
		names := strings.Join(reserved, ", ")
		diags = append(diags, sqlProblem(t, "Reserved column name", fmt.Sprintf("This query gives %s, and names that start with %s are the "+
			"engine's own. Leave them out of a star, * EXCLUDE (%s), or rename them: %s AS other.", names, reservedPrefix, names, reserved[0]))...)
	}
	return diags
}

// unnumbered drops field ids, which are given at commit.
func unnumbered(s coltype.Schema) coltype.Schema {
	out := append(coltype.Schema(nil), s...)
	for i := range out {
		out[i].ID = 0
	}
	return out
}

// statement cuts a final semicolon off, and whatever comments follow it; ok is false where more SQL follows.
func statement(text string) (string, bool) {
	for i := 0; i < len(text); {
		if text[i] == ';' {
			return text[:i], onlyComments(text[i:])
		}
		i += token(text[i:])
	}
	return text, true
}

func onlyComments(text string) bool {
	for i := 0; i < len(text); {
		n := token(text[i:])
		comment := strings.HasPrefix(text[i:], "--") || strings.HasPrefix(text[i:], "/*")
		if !comment && !strings.ContainsRune("; \t\r\n", rune(text[i])) {
			return false
		}
		i += n
	}
	return true
}

// token is the length of the quoted text or comment at the start, else 1.
func token(text string) int {
	switch {
	case len(text) > 1 && (text[0] == 'E' || text[0] == 'e') && text[1] == '\'':
		return escaped(text)
	case text[0] == '\'' || text[0] == '"':
		return until(text, text[:1], 1)
	case strings.HasPrefix(text, "--"):
		return until(text, "\n", 2)
	case strings.HasPrefix(text, "/*"):
		return until(text, "*/", 2)
	case text[0] == '$':
		if end := strings.IndexByte(text[1:], '$'); end >= 0 && dollarTag(text[1:end+1]) {
			return until(text, text[:end+2], end+2)
		}
	}
	return 1
}

// dollarTag tells $tag$…$tag$ from $1, a parameter.
func dollarTag(tag string) bool {
	for i, r := range tag {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return true
}

func until(text, end string, from int) int {
	if at := strings.Index(text[from:], end); at >= 0 {
		return from + at + len(end)
	}
	return len(text)
}

// escaped is the length of E'…', where a backslash keeps the next character from ending it.
func escaped(text string) int {
	for i := 2; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '\'':
			return i + 1
		}
	}
	return len(text)
}
