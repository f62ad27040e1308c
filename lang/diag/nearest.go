package diag

import (
	"sort"
	"strings"
)

// Nearest returns the name nearest to what was given, empty if none is near. Of equally near ones it is the first in
// alphabetical order.
func Nearest(given string, names []string) string {
	best, bestDistance := "", limit(given)+1
	sorted := append([]string(nil), names...)
	sort.Strings(sorted)
	for _, name := range sorted {
		if d := distance(strings.ToLower(given), strings.ToLower(name)); d < bestDistance && d < len(given) {
			best, bestDistance = name, d
		}
	}
	return best
}

// limit is how many edits still count as a slip of the fingers: a third of the name.
func limit(given string) int {
	return max(1, min(3, (len(given)+1)/3))
}

// distance counts the letters to insert, delete, replace, or swap with their neighbour.
func distance(a, b string) int {
	if n := len(a) - len(b); n > 3 || n < -3 {
		return 4 // more than counts
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
