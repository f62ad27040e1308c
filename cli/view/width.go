package view

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/apparentlymart/go-textseg/v15/textseg"
	"golang.org/x/text/width"
)

// emojiPresentation asks for the wide picture of the character before it.
const emojiPresentation = '\uFE0F'

// columns is the number of terminal columns that the text takes: two for East Asian wide characters and emoji, none for
// what combines with the character before.
func columns(text string) int {
	total := 0
	for rest := []byte(text); len(rest) > 0; {
		n, cluster, err := textseg.ScanGraphemeClusters(rest, true)
		if err != nil || n == 0 {
			return total + utf8.RuneCount(rest)
		}
		total += clusterColumns(string(cluster))
		rest = rest[n:]
	}
	return total
}

// clusterColumns is the width of one character as a person sees it, whatever number of code points it is made of.
func clusterColumns(cluster string) int {
	widest := 0
	for _, r := range cluster {
		if r == emojiPresentation || regional(r) {
			return 2
		}
		widest = max(widest, runeColumns(r))
	}
	return widest
}

// regional letters come in pairs, which are flags.
func regional(r rune) bool { return r >= '\U0001F1E6' && r <= '\U0001F1FF' }

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) || unicode.IsControl(r) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// pad fills the text with spaces up to a width.
func pad(text string, to int) string {
	return text + strings.Repeat(" ", max(0, to-columns(text)))
}

// padLeft fills the text with spaces before it.
func padLeft(text string, to int) string {
	return strings.Repeat(" ", max(0, to-columns(text))) + text
}

// cut shortens the text to a width, with an ellipsis where something is missing.
func cut(text string, to int) string {
	if columns(text) <= to {
		return text
	}
	var b strings.Builder
	used := 0
	for rest := []byte(text); len(rest) > 0; {
		n, cluster, err := textseg.ScanGraphemeClusters(rest, true)
		if err != nil || n == 0 || used+clusterColumns(string(cluster)) > to-1 {
			break
		}
		used += clusterColumns(string(cluster))
		b.Write(cluster)
		rest = rest[n:]
	}
	return b.String() + "…"
}

// visible spells control characters out, so that no value can move the cursor or recolour the terminal.
func visible(text string) string {
	if !strings.ContainsFunc(text, hidden) && utf8.ValidString(text) {
		return text
	}
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case hidden(r):
			b.WriteString(spelled(r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// hidden tells the characters that do something instead of showing something; the bidirectional overrides too, which
// make text read other than it is.
func hidden(r rune) bool {
	return unicode.IsControl(r) || (r >= '\u202A' && r <= '\u202E') || (r >= '\u2066' && r <= '\u2069')
}

func spelled(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\t':
		return `\t`
	case '\r':
		return `\r`
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}
