package syntax

import (
	"bytes"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/diag"
)

// explain turns the messages of HCL's parser into ours: fixed summaries, and where the source shows what was meant, what
// to write instead.
func explain(diags hcl.Diagnostics, src []byte) hcl.Diagnostics {
	out := make(hcl.Diagnostics, 0, len(diags))
	told := map[int]bool{}
	for _, d := range diags {
		if d.Subject == nil || d.Subject.Start.Byte > len(src) {
			out = append(out, d)
			continue
		}
		// What follows on the same line, or after a quote that is never closed, is noise.
		if line := d.Subject.Start.Line; !told[line] {
			told[line] = true
			out = append(out, explainOne(d, src))
		}
		if d.Summary == "Invalid multi-line string" {
			break
		}
	}
	return out
}

const (
	foreignOperator = "Operator of another language"
	noEqualsSign    = "A block takes no equals sign before its brace. Write the block's type, its labels and the brace, as in: write \"merge\" { … }."
)

func explainOne(d *hcl.Diagnostic, src []byte) *hcl.Diagnostic {
	at := *d.Subject
	if hint, rng := operator(src, at); hint != "" {
		return diag.Error(rng, foreignOperator, "%s", hint)
	}
	summary, detail := d.Summary, d.Detail
	switch {
	case strings.HasPrefix(summary, "Extra characters in"):
		summary = "Extra characters in template marker"
	case strings.HasPrefix(summary, "Unexpected ") && strings.HasSuffix(summary, " directive"):
		summary = "Unbalanced template directive"
	case summary == "Invalid block definition" && strings.HasPrefix(detail, "The equals sign"):
		detail = noEqualsSign
	case summary == "Argument definition required", summary == "Invalid single-argument block definition":
		summary = "Several attributes on one line"
		detail = "A block on one line can hold one attribute only. Put each attribute on a line of its own, and the closing " +
			"brace on the line after the last."
	case summary == "Argument or block definition required" && strings.HasPrefix(string(src[at.Start.Byte:]), `"`):
		detail = "Here begins an attribute or a block, and its name stands without quotes, as in name = value. It has letters, digits, _ and -, " +
			"and doesn't begin with a digit."
	case summary == "Invalid multi-line string":
		summary = "Unterminated text"
		detail = "The quote that begins here isn't closed on its line. Close it, or write text over several lines as <<-EOT … EOT."
	case summary == "Invalid expression" && strings.HasPrefix(detail, "Expected the start"):
		detail = "An expression is missing here, or doesn't begin like this: after the equals sign stands a value, a name or a call."
	case summary == "Attribute redefined":
		detail = strings.Replace(detail, "The argument", "The attribute", 1)
		detail = strings.Replace(detail, "Each argument may be set only once.", "An attribute stands once in a block: remove one of the two.", 1)
	case summary == "Unclosed configuration block":
		detail = "The block that begins here is never closed: a } is missing, in this block or in one within it."
	case summary == "Missing newline after argument":
		detail = "An attribute ends with its line, and here something follows that is not part of the expression. If it is " +
			"the next attribute, put it on a line of its own; if the expression goes on, an operator or a comma is missing."
	}
	return &hcl.Diagnostic{
		Severity: d.Severity, Summary: strings.TrimSpace(summary), Detail: detail, Subject: d.Subject, Context: d.Context,
	}
}

// words are operators of SQL and of programming languages, with what to write here. $x is what stands before the operator.
var words = map[string]string{
	"and":     `There is no operator "and". Write "&&".`,
	"or":      `There is no operator "or". Write "||".`,
	"not":     `There is no operator "not". Write "!" before the expression, as in !starts_with(name, "a").`,
	"in":      `There is no operator "in". Write in($x, ["a", "b"]).`,
	"like":    `There is no operator "like". Write like($x, "a%").`,
	"ilike":   `There is no operator "ilike". Write ilike($x, "a%").`,
	"is":      `There is no operator "is". To test for null write $x == null or $x != null.`,
	"between": `There is no operator "between". Write between($x, low, high), or $x >= low && $x <= high.`,
	"when":    `There is no "case when". Write condition ? value : other value.`,
	"as":      `There is no "as" in an expression. Name a column by writing name = expression.`,
	"asc":     `A sort key is ascending unless it says otherwise. Write asc($x), or $x alone.`,
	"desc":    `There is no "desc" after a column. Write desc($x).`,
	"over":    `There is no "over" here. The step window has by, order and columns for that.`,
	"div":     `There is no operator "div". Write div($x, b).`,
	"mod":     `There is no operator "mod". Write mod($x, b), or $x % b.`,
	"xor":     `There is no operator "xor". Write a != b.`,
	"::":      `There is no operator "::". Write cast($x, $type).`,
}

// hint fills in what stands before an operator, and the type after it.
func hint(operator string, before, after []byte) string {
	left := operand(before)
	text := strings.ReplaceAll(words[operator], "$x", left)
	kind := "type"
	if n := nameLength(after); n > 0 {
		kind = string(after[:n])
	}
	return strings.ReplaceAll(text, "$type", kind)
}

// operand is the name or path that ends a text, x if something else does.
func operand(before []byte) string {
	before = bytes.TrimRight(before, " \t")
	start := len(before)
	for start > 0 && (letter(before[start-1]) || before[start-1] == '.') {
		start--
	}
	if start == len(before) {
		return "x"
	}
	return string(before[start:])
}

func nameLength(text []byte) int {
	n := 0
	for n < len(text) && letter(text[n]) {
		n++
	}
	return n
}

// operator looks at the source where the parser gave up.
func operator(src []byte, at hcl.Range) (string, hcl.Range) {
	if d, rng := word(src, at); d != "" {
		return d, rng
	}
	offset := at.Start.Byte
	before := bytes.TrimRight(src[:offset], " \t")
	after := src[offset:]
	has := func(s string) bool { return bytes.HasPrefix(after, []byte(s)) }
	switch {
	case bytes.HasSuffix(before, []byte("<")) && has(">"):
		return `There is no operator "<>". Write "!=".`, widen(at, 1, 1)
	case has("<>"):
		return `There is no operator "<>". Write "!=".`, widen(at, 0, 2)
	case bytes.HasSuffix(before, []byte("(")) && has("*"):
		return `An aggregate takes no "*". Write count() for the number of rows.`, widen(at, 0, 1)
	case has("::"):
		return hint("::", before, after[2:]), widen(at, 0, 2)
	case colons(before) >= 0:
		start := colons(before)
		return hint("::", before[:start], before[start+2:]), widen(at, offset-start, 2-(offset-start))
	case has("//") && expression(before), slashes(before) >= 0:
		start := slashes(append(bytes.Clone(src[:offset]), after[:min(2, len(after))]...))
		return "In HCL // begins a comment, so the rest of the line is lost. For a whole-number division write div(" +
			operand(before[:start]) + ", b); for a comment write #.", widen(at, offset-start, 2-(offset-start))
	case has("=") && !has("==") && expression(before) && !bytes.HasSuffix(before, []byte("=")):
		return `A single "=" sets an attribute and compares nothing. To compare write "==".`, widen(at, 0, 1)
	case has("'"):
		return `Text stands in double quotes, not in single ones. Write "text".`, widen(at, 0, 1)
	}
	return "", at
}

// colons is where a cast of the form x::type stands right before the place where the parser gave up, or -1.
func colons(before []byte) int {
	end := len(before)
	for end > 0 && letter(before[end-1]) {
		end--
	}
	if !bytes.HasSuffix(before[:end], []byte("::")) {
		return -1
	}
	return end - 2
}

// slashes is where a comment begins on the line before the place where the parser gave up, after an expression, or -1.
func slashes(before []byte) int {
	line := bytes.LastIndexByte(before, '\n') + 1
	at := bytes.Index(before[line:], []byte("//"))
	if at < 0 || bytes.IndexByte(before[line:line+at], '=') < 0 || bytes.IndexByte(before[line:line+at], '{') < 0 ||
		bytes.Count(before[line:line+at], []byte{'"'})%2 == 1 {
		return -1
	}
	return line + at
}

// word finds an operator in words at the place where the parser gave up, or right before it.
func word(src []byte, at hcl.Range) (string, hcl.Range) {
	start := at.Start.Byte
	end := start
	for end < len(src) && letter(src[end]) {
		end++
	}
	for start > 0 && letter(src[start-1]) {
		start--
	}
	if !expression(src[:start]) {
		return "", at
	}
	operator := strings.ToLower(string(src[start:end]))
	if words[operator] != "" {
		return hint(operator, src[:start], nil), widen(at, at.Start.Byte-start, end-at.Start.Byte)
	}
	return prefix(src, start, at)
}

// prefix finds a "not" before the place where the parser gave up: the parser takes it for a name.
func prefix(src []byte, offset int, at hcl.Range) (string, hcl.Range) {
	end := len(bytes.TrimRight(src[:offset], " \t"))
	start := end - len("not")
	if start < 1 || !strings.EqualFold(string(src[start:end]), "not") || letter(src[start-1]) {
		return "", at
	}
	return hint("not", nil, nil), widen(at, at.Start.Byte-start, end-at.Start.Byte)
}

func letter(b byte) bool {
	return b == '_' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9'
}

// expression says whether the line so far has set an attribute, so that what follows is part of its expression.
func expression(before []byte) bool {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	return bytes.ContainsAny(line, "=,(")
}

// widen makes a range on one line that starts back bytes before and ends ahead bytes after the start of another.
func widen(at hcl.Range, back, ahead int) hcl.Range {
	at.End = at.Start
	at.Start.Byte -= back
	at.Start.Column -= back
	at.End.Byte += ahead
	at.End.Column += ahead
	return at
}
