package view

import (
	"regexp"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
)

// line is one line of a table's body: a sign at its left where something is added, removed or changed.
type line struct {
	sign string
	text string
}

// changeLines draws attribute and column changes, aligned: short ones on a line, long ones as old over new.
func changeLines(t *plan.Table, width int) []line {
	changes := make([]plan.Change, 0, len(t.Changes)+len(t.Columns))
	changes = append(changes, shortened(t.Changes)...)
	for _, c := range t.Columns {
		c.Path = "column " + c.Path
		changes = append(changes, c)
	}
	names := nameWidth(changes)
	var lines []line
	for _, c := range changes {
		lines = append(lines, changeLine(c, names, width)...)
	}
	return lines
}

// stepNumber is how a definition counts its steps: steps[1].derive.amount.
var stepNumber = regexp.MustCompile(`^steps\[[0-9]+\]\.`)

// shortened leaves the steps' numbers out where a path is clear without: derive.amount.
func shortened(changes []plan.Change) []plan.Change {
	seen := map[string]int{}
	for _, c := range changes {
		seen[stepNumber.ReplaceAllString(c.Path, "")]++
	}
	out := slices.Clone(changes)
	for i, c := range out {
		if short := stepNumber.ReplaceAllString(c.Path, ""); seen[short] == 1 {
			out[i].Path = short
		}
	}
	return out
}

// nameWidth is the width of the longest name, if that leaves room for values.
func nameWidth(changes []plan.Change) int {
	widest := 0
	for _, c := range changes {
		widest = max(widest, columns(visible(c.Path)))
	}
	return min(widest, 32)
}

func changeLine(c plan.Change, names, width int) []line {
	path, old, now := visible(c.Path), visible(c.Old), visible(c.New)
	head := pad(path, names)
	switch {
	case c.Old == "" && c.New == "":
		return []line{{"~", path}}
	case c.Old == "":
		return valueLines("+", head, now, width)
	case c.New == "":
		return valueLines("-", head, old, width)
	}
	for _, name := range []string{head, path} {
		if columns(name)+columns(old)+columns(now)+6 <= width {
			return []line{{"~", name + "   " + old + " → " + now}}
		}
	}
	before, after := around(strings.Fields(old), strings.Fields(now))
	lines := []line{{"~", path}}
	lines = append(lines, valueLines("-", "  ", before, width)...)
	return append(lines, valueLines("+", "  ", after, width)...)
}

// valueLines draws one value, wrapped under itself.
func valueLines(sign, head, value string, width int) []line {
	gap := "   "
	if strings.TrimSpace(head) == "" {
		gap = ""
	}
	wrapped := fill(value, max(width-columns(head+gap), 20))
	lines := []line{{sign, head + gap + wrapped[0]}}
	for _, more := range wrapped[1:] {
		lines = append(lines, line{" ", strings.Repeat(" ", columns(head+gap)) + more})
	}
	return lines
}

// around leaves out what two long values have in common at their start and end, but for some words around the change.
func around(old, now []string) (before, after string) {
	const context = 6
	start := 0
	for start < len(old) && start < len(now) && old[start] == now[start] {
		start++
	}
	end := 0
	for end < len(old)-start && end < len(now)-start && old[len(old)-1-end] == now[len(now)-1-end] {
		end++
	}
	start, end = max(0, start-context), max(0, end-context)
	return middle(old, start, end), middle(now, start, end)
}

func middle(words []string, start, end int) string {
	text := strings.Join(words[start:len(words)-end], " ")
	if start > 0 {
		text = "… " + text
	}
	if end > 0 {
		text += " …"
	}
	return text
}
