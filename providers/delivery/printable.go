package delivery

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Printable cuts raw bytes to a length and spells those that are not UTF-8 as \xNN, so that a quarantine can hold them
// and a person can still see what they were.
func Printable(raw string, length int) string {
	if len(raw) > length {
		cut := length
		for cut > length-utf8.UTFMax && !utf8.RuneStart(raw[cut]) {
			cut--
		}
		raw = raw[:cut]
	}
	if utf8.ValidString(raw) {
		return raw
	}
	var b strings.Builder
	for i := 0; i < len(raw); {
		r, size := utf8.DecodeRuneInString(raw[i:])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, raw[i])
		} else {
			b.WriteString(raw[i : i+size])
		}
		i += size
	}
	return b.String()
}
