package csv

import "slices"

func sortByOrdinal(bad []badRecord) {
	slices.SortFunc(bad, func(a, b badRecord) int { return int(a.ordinal) - int(b.ordinal) })
}
