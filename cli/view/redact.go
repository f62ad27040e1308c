package view

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hiddenValue stands where a secret would.
const hiddenValue = "(sensitive)"

// shortest is the length from which a value is hidden wherever it occurs. Shorter ones only where they stand alone:
// hiding every "a" would hide the message and tell what the secret is.
const shortest = 4

// redactor hides sensitive values.
type redactor struct{ values []string }

// newRedactor takes the values to hide; of those with several lines, each line as well.
func newRedactor(values []string) redactor {
	var all []string
	for _, value := range values {
		all = append(all, value)
		for part := range strings.SplitSeq(value, "\n") {
			if part = strings.TrimSpace(part); len(part) >= shortest {
				all = append(all, part)
			}
		}
	}
	all = slices.DeleteFunc(all, func(v string) bool { return strings.TrimSpace(v) == "" })
	slices.SortFunc(all, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	return redactor{slices.Compact(all)}
}

// Hider puts a mark in the place of each of these values in a text.
func Hider(values []string) func(text string) string { return newRedactor(values).text }

// span is a piece of a text, in bytes.
type span struct{ start, end int }

// spans finds what to hide, in order and without overlaps.
func (r redactor) spans(text string) []span {
	var found []span
	for at := 0; at < len(text); {
		n := r.match(text, at)
		if n > 0 {
			found = append(found, span{at, at + n})
			at += n
			continue
		}
		at++
	}
	return found
}

// match is the length of the longest value that starts here.
func (r redactor) match(text string, at int) int {
	for _, value := range r.values {
		if strings.HasPrefix(text[at:], value) && (len(value) >= shortest || alone(text, at, at+len(value))) {
			return len(value)
		}
	}
	return 0
}

// alone tells whether no letter or digit touches the piece.
func alone(text string, start, end int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:start])
	after, _ := utf8.DecodeRuneInString(text[end:])
	return !wordy(before) && !wordy(after)
}

func wordy(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_')
}

// text hides the sensitive values of a text.
func (r redactor) text(text string) string {
	hidden, _ := r.marked(text, span{})
	return hidden
}

// marked hides the sensitive values of a text and moves a piece of it along, so that carets stay right.
func (r redactor) marked(text string, mark span) (string, span) {
	spans := r.spans(text)
	if len(spans) == 0 {
		return text, mark
	}
	var b strings.Builder
	moved, last := mark, 0
	for _, s := range spans {
		b.WriteString(text[last:s.start])
		begin := b.Len()
		b.WriteString(hiddenValue)
		moved.start = shift(mark.start, moved.start, s, begin, b.Len())
		moved.end = shift(mark.end, moved.end, s, b.Len(), b.Len())
		last = s.end
	}
	b.WriteString(text[last:])
	return b.String(), moved
}

// shift moves a position: by the difference if the hidden piece lies before it, to its edge if it lies inside.
func shift(original, moved int, hidden span, edge, after int) int {
	switch {
	case original >= hidden.end:
		return after + original - hidden.end
	case original > hidden.start:
		return edge
	default:
		return moved
	}
}
