package view

import (
	"io"
	"strings"

	"github.com/automic-etl/etl/engine/plan"
)

// bodyIndent is where the lines under a table's address start.
const bodyIndent = "      "

// drawText is the plan as a person reads it on a terminal.
func drawText(w io.Writer, p *plan.Plan, opt Options) error {
	var b strings.Builder
	for i := range p.Tables {
		if t := &p.Tables[i]; shown(t) {
			b.WriteString(tableText(t, opt))
			b.WriteString("\n")
		}
	}
	for _, m := range p.Warnings {
		b.WriteString(warningText(m, opt))
		b.WriteString("\n")
	}
	b.WriteString(closingText(p, opt))
	_, err := io.WriteString(w, b.String())
	return err
}

// tableText is a table's header and body.
func tableText(t *plan.Table, opt Options) string {
	var b strings.Builder
	b.WriteString(header(t, opt) + "\n")
	for _, l := range body(t, opt.width()-len(bodyIndent)) {
		b.WriteString(bodyIndent + paintLine(l, opt) + "\n")
	}
	return b.String()
}

// header is the sign, the address and, at the right edge, the action.
func header(t *plan.Table, opt Options) string {
	address, action := visible(t.Address), label(t)
	room := opt.width() - 4 - columns(address) - columns(action)
	s := actionStyle(t.Action)
	return opt.paint(s, padLeft(sign(t.Action), 3)) + " " + opt.paint(bold, address) +
		strings.Repeat(" ", max(2, room)) + opt.paint(s, action)
}

// body is what stands under a table's address.
func body(t *plan.Table, width int) []line {
	var lines []line
	sentence := func(text string) {
		if text == "" {
			return
		}
		for _, l := range fill(text, width) {
			lines = append(lines, line{"", l})
		}
	}
	sentence(origin(t))
	sentence(because(t))
	sentence(loses(t))
	lines = append(lines, changeLines(t, width-2)...)
	sentence(atSource(t))
	sentence(traffic(t))
	sentence(checked(t))
	sentence(readBy(t))
	for _, w := range t.Warnings {
		for i, l := range fill(visible(w), width-2) {
			lines = append(lines, line{[]string{"!", " "}[min(i, 1)], l})
		}
	}
	return lines
}

// paintLine colours a line by its sign.
func paintLine(l line, opt Options) string {
	if l.sign == "" {
		return l.text
	}
	colours := map[string]style{"+": green, "-": red, "~": yellow, "!": notice}
	return opt.paint(colours[l.sign], l.sign) + " " + l.text
}

func warningText(m plan.Message, opt Options) string {
	head := opt.paint(notice, "Warning: ") + opt.paint(bold, visible(m.Summary))
	if m.Address != "" {
		head += " (" + visible(m.Address) + ")"
	}
	if m.Detail == "" {
		return head + "\n"
	}
	return head + "\n" + strings.Join(indent(wrap(m.Detail, opt.width()-2), "  "), "\n") + "\n"
}

// closingText is the summary.
func closingText(p *plan.Plan, opt Options) string {
	if idle(p) {
		return opt.paint(green, nothing(p)) + "\n"
	}
	text := opt.paint(bold, summary(p.Summary)) + "\n"
	if sum := total(p.Summary); sum != "" {
		text += sum + "\n"
	}
	return text
}
