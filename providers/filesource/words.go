package filesource

import (
	"fmt"
	"strings"
)

// named lists files in words: the first few by name, the others by number.
func named(files []File, what string) string {
	const shownNames = 2
	if len(files) == 0 {
		return "no " + what + "files"
	}
	noun := "files"
	if len(files) == 1 {
		noun = "file"
	}
	names := make([]string, 0, shownNames)
	for _, f := range files[:min(len(files), shownNames)] {
		names = append(names, f.Path)
	}
	said := fmt.Sprintf("%d %s%s: %s", len(files), what, noun, strings.Join(names, ", "))
	if more := len(files) - len(names); more > 0 {
		said += fmt.Sprintf(" and %d more", more)
	}
	return said
}
