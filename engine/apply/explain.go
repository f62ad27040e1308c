package apply

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// readError is a provider's failure to read a source.
type readError struct {
	source *config.Source
	err    error
}

func (e *readError) Error() string { return fmt.Sprintf("reading %s: %s", e.source.Addr, e.err) }
func (e *readError) Unwrap() error { return e.err }

// explain turns what stopped a table into diagnostics at its block.
func (r *run) explain(t *task, err error) hcl.Diagnostics {
	at := r.place(t.plan.Address)
	var read *readError
	var said sdk.Diagnostics
	switch {
	case errors.As(err, &read) && errors.As(read.err, &said):
		return planner.SourceDiagnostics(read.source, planner.WithAddress(said, t.plan.Address))
	case errors.As(err, &read):
		return hcl.Diagnostics{planner.ProviderFailed(read.source, read.err)}
	}
	var failures failedChecks
	if errors.As(err, &failures) {
		return t.explainChecks(failures)
	}
	summary, detail := r.summarise(t, err)
	return hcl.Diagnostics{diag.Error(at, summary, "%s", detail)}
}

// place is where a table is declared; nowhere for one that is dropped.
func (r *run) place(address string) hcl.Range {
	for _, t := range r.Project.Tables {
		if t.Addr.String() == address {
			return t.Range
		}
	}
	return hcl.Range{}
}

func (r *run) summarise(t *task, err error) (summary, detail string) {
	var tooMany *TooManyBadRowsError
	var conflict *state.ConflictError
	var stale *staleError
	var twice *duckdb.DuplicateKeyError
	var full *duckdb.DiskFullError
	var memory *duckdb.MemoryError
	var required *duckdb.NullError
	var query *duckdb.SQLError
	published := t.unpublished()
	switch {
	case errors.As(err, &tooMany):
		return "Too many bad rows", fmt.Sprintf("More than %s of the source can't be represented (max_bad_rows). %s\n%s\nMend the source, declare other types, or raise max_bad_rows.",
			diag.Count(tooMany.Limit, "row"), published, badSample(tooMany.Rows))
	case errors.As(err, &conflict):
		return "Another writer changed the table", fmt.Sprintf("%s %s Run `etl apply` again: it plans on what is there now.", diag.Sentence(conflict), published)
	case errors.As(err, &stale):
		return "The plan is stale", fmt.Sprintf("%s. %s Run `etl apply` again.", stale.why, published)
	case errors.As(err, &twice):
		return "A key is twice in the input of a merge", fmt.Sprintf("%s %s Add a dedupe step on the key before the merge.", diag.Sentence(twice), published)
	case errors.As(err, &full):
		return "No space left", fmt.Sprintf("%s %s Free some space and run `etl apply` again.", diag.Sentence(full), published)
	case errors.As(err, &memory):
		return "Not enough memory", fmt.Sprintf("%s %s", diag.Sentence(memory), published)
	case errors.As(err, &required):
		return "A required column has nulls", fmt.Sprintf("%s %s Quarantine such rows with an expect, or take `required` away.", diag.Sentence(required), published)
	case errors.As(err, &query):
		return query.Summary, fmt.Sprintf("Computing %s: %s %s", t.plan.Address, query.Detail, published)
	}
	return "The table could not be applied", fmt.Sprintf("%s: %s. %s", t.plan.Address, err, published)
}

// unpublished says what readers see after a failure.
func (t *task) unpublished() string {
	if t.work.Kind == plan.CheckWork {
		return fmt.Sprintf("The rows of %s were published before, and readers see them: nothing was changed.", t.plan.Address)
	}
	return fmt.Sprintf("%s was not published: readers still see what was there before.", t.plan.Address)
}

// explainChecks places each failed check under its block.
func (t *task) explainChecks(failures failedChecks) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, failed := range failures {
		diags = append(diags, diag.Error(t.checkRange(failed.check.Name), "A check failed", "%s %s%s",
			checkText(failed), t.unpublished(), failingSample(failed)))
	}
	return diags
}

func checkText(e *failedCheck) string {
	if e.check.Kind == compile.TableCheck {
		return fmt.Sprintf("The check %q of the whole table is not true.", e.check.Name)
	}
	return fmt.Sprintf("The check %q fails for %s.", e.check.Name, diag.Count(e.failed, "row"))
}

// failingSample shows some of the failing rows, a line each.
func failingSample(e *failedCheck) string {
	if e.sample == nil || len(e.sample.Values) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nSome of them:")
	for _, row := range e.sample.Values {
		b.WriteString("\n  ")
		for i, value := range row {
			if i > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%s = %s", e.sample.Columns[i].Name, duckdb.Text(e.sample.Columns[i].Type, value))
		}
	}
	return b.String()
}

func badSample(rows []sdk.BadRow) string {
	var lines []string
	for _, row := range rows {
		raw := row.Raw
		if len(raw) > 120 {
			raw = strings.ToValidUTF8(raw[:120], "") + "…"
		}
		lines = append(lines, fmt.Sprintf("  %s, %s: %s: %s", row.Source, row.Position, row.Reason, strings.TrimRight(raw, "\r\n")))
	}
	return strings.Join(lines, "\n")
}

// checkWarning is what an expect "warn" says.
func (t *task) checkWarning(e *failedCheck) *hcl.Diagnostic {
	return diag.Warning(t.checkRange(e.check.Name), "A check failed", "%s%s", checkText(e), failingSample(e))
}

// checkRange is where a check is declared.
func (t *task) checkRange(name string) hcl.Range {
	for _, table := range t.Project.Tables {
		if table.Addr.String() != t.plan.Address {
			continue
		}
		for _, declared := range table.Expects {
			if declared.Name == name {
				return declared.Range
			}
		}
	}
	return t.place(t.plan.Address)
}
