package view

import (
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/automic-etl/etl/engine/plan"
)

// commentLimit is the longest comment that GitHub takes, in characters. It is kept in bytes, which are never fewer.
const commentLimit = 65536

// openLines is how long a table's body may be to be shown without a click.
const openLines = 12

// noteRoom is kept for the note that something was left out.
const noteRoom = 300

// drawMarkdown is the plan as a comment on a pull request.
func drawMarkdown(w io.Writer, p *plan.Plan) error {
	var b strings.Builder
	b.WriteString(heading(p))
	left := commentLimit - noteRoom - b.Len()
	omitted := 0
	for _, section := range sections(p) {
		if len(section) > left {
			omitted++
			continue
		}
		left -= len(section)
		b.WriteString(section)
	}
	if omitted > 0 {
		fmt.Fprintf(&b, "\n> **Truncated.** %s left out: a comment holds %s characters. "+
			"`etl plan` or `etl show FILE` prints all of them.\n",
			wasOrWere(omitted), grouped(commentLimit))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func wasOrWere(n int) string {
	if n == 1 {
		return "1 table or warning was"
	}
	return grouped(int64(n)) + " tables or warnings were"
}

// heading is what stays visible when everything is folded.
func heading(p *plan.Plan) string {
	title := "### Plan for `" + strings.ReplaceAll(visible(p.Project), "`", "'") + "`\n\n"
	if idle(p) {
		return title + nothing(p) + "\n"
	}
	text := title + "**" + summary(p.Summary) + "**\n"
	if sum := total(p.Summary); sum != "" {
		text += sum + "\n"
	}
	return text
}

// sections are the foldable parts: what can hurt first, so that truncation never hides it, then the rest in order.
func sections(p *plan.Plan) []string {
	var urgent, calm []string
	for i := range p.Tables {
		t := &p.Tables[i]
		switch {
		case !shown(t):
		case t.Category == plan.Breaking || t.Category == plan.Destructive:
			urgent = append(urgent, tableSection(t))
		default:
			calm = append(calm, tableSection(t))
		}
	}
	for _, m := range p.Warnings {
		urgent = append(urgent, warningSection(m))
	}
	return append(urgent, calm...)
}

// tableSection is one table, folded if it is long, and cut if it would not fit a comment alone.
func tableSection(t *plan.Table) string {
	lines := body(t, defaultWidth)
	state := " open"
	if len(lines) > openLines {
		state = ""
	}
	head := strings.TrimSpace(sign(t.Action) + " " + visible(t.Address))
	return fmt.Sprintf("\n<details%s><summary><code>%s</code> <b>%s</b></summary>\n\n%s\n</details>\n",
		state, html.EscapeString(head), label(t), fenced(diffLines(lines)))
}

// diffLines puts the signs where the fence's language, diff, colours them.
func diffLines(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		mark := " "
		if l.sign != "" {
			mark = l.sign
		}
		if mark == "~" {
			mark = "!"
		}
		b.WriteString(strings.TrimRight(mark+" "+l.text, " ") + "\n")
	}
	return b.String()
}

// fenced puts text in a block that nothing inside can close.
func fenced(text string) string {
	const most = commentLimit / 4
	if len(text) > most {
		text = whole(text[:most]) + "\n  … the rest is left out\n"
	}
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + "diff\n" + text + fence + "\n"
}

// whole drops the half of a character that a cut may have left.
func whole(text string) string {
	for len(text) > 0 {
		r, size := utf8.DecodeLastRuneInString(text)
		if r != utf8.RuneError || size > 1 {
			return text
		}
		text = text[:len(text)-1]
	}
	return text
}

func warningSection(m plan.Message) string {
	text := "\n> **Warning:** " + html.EscapeString(visible(m.Summary))
	if m.Address != "" {
		text += " (`" + strings.ReplaceAll(visible(m.Address), "`", "'") + "`)"
	}
	for l := range strings.SplitSeq(m.Detail, "\n") {
		text += "\n> " + html.EscapeString(visible(l))
	}
	return whole(text[:min(len(text), commentLimit/4)]) + "\n"
}
