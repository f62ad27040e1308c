package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// RowKind says what the rows of a table's query are, which decides how they are written.
type RowKind string

// Kinds of rows.
const (
	StateRows   RowKind = "state"    // the rows as they are now
	VersionRows RowKind = "versions" // each a version of a row, among those before it
	ChangeRows  RowKind = "changes"  // each a change, with the columns that say which
)

// Columns that writing adds to a table's rows.
const (
	DeletedColumn   = "_etl_deleted" // of a merge that keeps what was deleted
	ValidFromColumn = "valid_from"   // of a history
	ValidToColumn   = "valid_to"
	IsCurrentColumn = "is_current"
)

// Given are the columns of a table whose values come with its rows.
func Given(w config.Write, stored coltype.Schema) coltype.Schema {
	added := addedNames(w)
	return slices.DeleteFunc(slices.Clone(stored), func(f coltype.Field) bool { return slices.Contains(added, f.Name) })
}

func addedNames(w config.Write) []string {
	switch {
	case w.Mode == "history":
		return []string{ValidFromColumn, ValidToColumn, IsCurrentColumn}
	case w.Mode == "merge" && w.Deletes == "soft":
		return []string{DeletedColumn}
	}
	return nil
}

// Stored are the columns of a table whose rows have the given columns, as its contract wants them.
func Stored(t *config.Table, rows coltype.Schema, kind RowKind) (coltype.Schema, hcl.Diagnostics) {
	diags := append(clashes(t, rows), deletable(t, kind)...)
	if diags.HasErrors() {
		return nil, diags
	}
	stored, more := Contract(t, withAdded(t.Write, rows))
	return stored, append(ofChanges(t, kind), more...)
}

func problem(rng hcl.Range, summary, detail string) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: summary, Detail: detail, Subject: &rng}
}

// clashes are columns of the rows with the name of one that writing adds.
func clashes(t *config.Table, rows coltype.Schema) (diags hcl.Diagnostics) {
	for _, name := range addedNames(t.Write) {
		if rows.Index(name) >= 0 {
			diags = append(diags, problem(t.Write.Range, "Duplicate column",
				fmt.Sprintf("Writing adds a column %q, and the rows have one of this name already. Rename it in a step before.", name)))
		}
	}
	return diags
}

// deletable refuses to keep deletes where none are told.
func deletable(t *config.Table, kind RowKind) hcl.Diagnostics {
	if t.Write.Mode != "merge" || t.Write.Deletes != "soft" || kind == ChangeRows {
		return nil
	}
	return hcl.Diagnostics{problem(t.Write.Range, "No deletes to keep", "Only changes say that a row was deleted, and the rows of this table are none. Remove `deletes`.")}
}

// ofChanges refuses what rows that are changes can't keep to.
func ofChanges(t *config.Table, kind RowKind) (diags hcl.Diagnostics) {
	if kind != ChangeRows || applies(t.Write) {
		return nil
	}
	for _, d := range t.Columns {
		if d.Required {
			diags = append(diags, problem(d.Range, "Required column of changes", fmt.Sprintf(
				"The rows of this table are changes, and a delete has no value in %q. Require it in a table that applies the changes: write \"merge\" { key = […] }.", d.Name)))
		}
	}
	for _, e := range t.Expects {
		if len(e.Unique) > 0 {
			diags = append(diags, problem(e.Range, "Unique among changes", fmt.Sprintf("The rows of this table are changes, of which a row can have many, so %q would fail. "+
				"Check it in a table that applies the changes: write \"merge\" { key = […] }.", e.Name)))
		}
	}
	return diags
}

// withAdded puts the columns that writing adds behind the rows' own.
func withAdded(w config.Write, rows coltype.Schema) coltype.Schema {
	at := slices.IndexFunc(rows, func(f coltype.Field) bool { return strings.HasPrefix(f.Name, reservedPrefix) })
	if at < 0 {
		at = len(rows)
	}
	switch names := addedNames(w); {
	case len(names) == 0:
		return rows
	case w.Mode == "history":
		since := coltype.Of(coltype.Timestamptz)
		if f, ok := rows.Lookup(w.ValidFrom); ok {
			since = f.Type
		} else if w.ValidFrom != "" {
			since = coltype.Of(expr.Invalid) // reported by the contract, or not known
		}
		return slices.Insert(slices.Clone(rows), at,
			coltype.Field{Name: ValidFromColumn, Type: since, Doc: "Since when the version holds"},
			coltype.Field{Name: ValidToColumn, Type: since, Doc: "When the next version came, or the row was deleted; null while it holds"},
			coltype.Field{Name: IsCurrentColumn, Type: coltype.Of(coltype.Boolean), Doc: "Whether the version holds"})
	}
	if i := rows.Index(sdk.CommittedAtColumn); i >= 0 {
		at = i + 1
	}
	return slices.Insert(slices.Clone(rows), at,
		coltype.Field{Name: DeletedColumn, Type: coltype.Of(coltype.Boolean), Doc: "Whether the row was deleted at the source"})
}
