package view

import (
	"slices"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/state"
)

// The sentences about a table that text, markdown and HTML share.

// origin says what a new table is made of: 12 columns from table.bronze.customers, partitioned by bucket(16, id).
func origin(t *plan.Table) string {
	if t.Action != plan.Create {
		return ""
	}
	text := Plural(len(t.Schema), "column")
	if len(t.From) > 0 {
		text += " from " + enumerate(t.From, 4)
	}
	if len(t.Partition) > 0 {
		text += ", partitioned by " + partition(t.Partition)
	}
	return text
}

// partition spells a partition spec as it is written in a project.
func partition(fields []state.PartitionField) string {
	parts := make([]string, len(fields))
	for i, f := range fields {
		parts[i] = transform(f)
	}
	return strings.Join(parts, ", ")
}

// transform turns Iceberg's bucket[16] of id into the language's bucket(16, id).
func transform(f state.PartitionField) string {
	if f.Transform == "identity" || f.Transform == "" {
		return visible(f.Column)
	}
	name, argument, found := strings.Cut(strings.TrimSuffix(f.Transform, "]"), "[")
	if !found {
		return name + "(" + visible(f.Column) + ")"
	}
	return name + "(" + argument + ", " + visible(f.Column) + ")"
}

// because is why the table is touched, and how its rows are computed if that is not obvious.
func because(t *plan.Table) string {
	var parts []string
	if reasons := reasonTexts(t); len(reasons) > 0 {
		begin := "because "
		if rechecked(t) {
			begin = "checked again, because "
		}
		parts = append(parts, begin+strings.Join(reasons, "; "))
	}
	if how := computed(t); how != "" {
		parts = append(parts, how)
	}
	return strings.Join(parts, "; ")
}

// reasonTexts are a table's reasons. That a table is new needs no reason.
func reasonTexts(t *plan.Table) []string {
	if t.Action == plan.Create {
		return nil
	}
	var texts []string
	for _, r := range t.Reasons {
		texts = append(texts, visible(r.Text))
	}
	return texts
}

// computed says how much of the table is computed anew. New tables are always computed fully.
func computed(t *plan.Table) string {
	if t.Action == plan.Create || t.Action == plan.None || t.Action == plan.Drop {
		return ""
	}
	why := ""
	if t.Why != "" {
		why = ": " + visible(t.Why)
	}
	switch t.Compute {
	case "append":
		return "computes only the new rows" + why
	case "keys":
		return "recomputes the touched keys" + why
	case "partitions":
		return "recomputes the touched partitions" + why
	case "full":
		return "recomputes fully" + why
	case "metadata":
		return "metadata only, no rows" + why
	default:
		return ""
	}
}

// traffic is what is read and written: reads 5.1 M rows (410 MB), writes about 4.9 M rows.
func traffic(t *plan.Table) string {
	var parts []string
	if t.Action == plan.None || t.Action == plan.Drop || t.Compute == "metadata" {
		return ""
	}
	if known(t.Reads) || t.Reads.Rows < 0 {
		parts = append(parts, "reads "+amount(t.Reads))
	}
	if t.Position != "" {
		parts = append(parts, visible(t.Position))
	}
	if known(t.Writes) {
		parts = append(parts, "writes about "+amount(plan.Estimate{Rows: t.Writes.Rows, Bytes: t.Writes.Bytes}))
	}
	return strings.Join(parts, ", ")
}

// loses is what a drop takes away.
func loses(t *plan.Table) string {
	if t.Action != plan.Drop {
		return ""
	}
	return "the table, its files and its history are removed"
}

// checked names the checks that run before readers see the rows.
func checked(t *plan.Table) string {
	if len(t.Checks) == 0 || t.Action == plan.None || t.Action == plan.Drop {
		return ""
	}
	names := make([]string, len(t.Checks))
	for i, check := range t.Checks {
		names[i] = check
		if action, name, found := strings.Cut(check, " "); found && slices.Contains(checkActions, action) {
			names[i] = name + " (" + action + ")"
		}
	}
	return "checks: " + enumerate(names, 4)
}

// checkActions are what a plan writes before a check's name.
var checkActions = []string{"warn", "drop", "quarantine", "fail"}

// readBy names who is affected.
func readBy(t *plan.Table) string {
	if len(t.ReadBy) == 0 || t.Action == plan.None || t.Action == plan.Create {
		return ""
	}
	return "read by " + enumerate(t.ReadBy, 6)
}

// summary is the last lines' first sentence.
func summary(s plan.Summary) string {
	text := "Plan: " + strings.Join([]string{
		strconv.Itoa(s.Create) + " to create", strconv.Itoa(s.Evolve) + " to evolve",
		strconv.Itoa(s.Rebuild) + " to rebuild", strconv.Itoa(s.Refresh) + " to refresh",
		strconv.Itoa(s.Drop) + " to drop",
	}, ", ") + "; " + strconv.Itoa(s.Unchanged) + " unchanged."
	if s.Breaking > 0 {
		text += " " + Plural(s.Breaking, "breaking change") + "."
	}
	if s.Destructive > 0 {
		text += " " + Plural(s.Destructive, "destructive change") + "."
	}
	return text
}

// total is the sum of what is read.
func total(s plan.Summary) string {
	if s.Reads.Rows <= 0 && s.Reads.Bytes <= 0 {
		return ""
	}
	if s.Reads.AtLeast || s.Reads.Rows < 0 {
		return "Reads " + amount(s.Reads) + "."
	}
	return "Reads about " + amount(s.Reads) + "."
}

// nothing is what a plan without changes says.
func nothing(p *plan.Plan) string {
	if len(p.Tables) == 0 {
		return "No changes. The project declares no tables."
	}
	text := "No changes. " + Plural(len(p.Tables), "table") + " as declared, and no new data upstream."
	again := 0
	for i := range p.Tables {
		if rechecked(&p.Tables[i]) {
			again++
		}
	}
	if again > 0 {
		text += " " + Plural(again, "table") + " to check again."
	}
	return text
}

// enumerate joins names: a, b and 3 more.
func enumerate(names []string, limit int) string {
	clean := make([]string, len(names))
	for i, name := range names {
		clean[i] = visible(name)
	}
	switch n := len(clean); {
	case n == 0:
		return ""
	case n == 1:
		return clean[0]
	case n > limit:
		return strings.Join(clean[:limit-1], ", ") + " and " + strconv.Itoa(n-limit+1) + " more"
	default:
		return strings.Join(clean[:n-1], ", ") + " and " + clean[n-1]
	}
}

// atSource is what is made or dropped at the source.
func atSource(t *plan.Table) string {
	var parts []string
	if len(t.Creates) > 0 {
		parts = append(parts, "creates "+enumerate(t.Creates, 8)+" at the source")
	}
	if len(t.Releases) > 0 {
		parts = append(parts, "drops "+enumerate(t.Releases, 8)+" at the source")
	}
	return strings.Join(parts, "; ")
}
