package diag

import (
	"strings"
	"unicode/utf8"
)

// Sentence is what an error says, as the detail of a diagnostic: it begins with a capital letter, unless with a name, and ends
// with a full stop.
func Sentence(err error) string {
	text := strings.TrimSpace(err.Error())
	first, _, _ := strings.Cut(text, " ")
	if plainWord(first) && first != "etl" {
		text = strings.ToUpper(text[:1]) + text[1:]
	}
	if last, _ := utf8.DecodeLastRuneInString(text); text != "" && !strings.ContainsRune(".!?", last) {
		text += "."
	}
	return text
}

// plainWord reports whether a word is one of the language rather than somebody's name for a thing.
func plainWord(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz'") == "" && word[0] != '\''
}
