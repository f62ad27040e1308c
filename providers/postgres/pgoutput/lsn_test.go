package pgoutput

import (
	"cmp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPlacesSortAsWritten writes places in the log: as text they come back, and sort as they follow each other.
func TestPlacesSortAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := LSN(rapid.Uint64().Draw(t, "a")), LSN(rapid.Uint64().Draw(t, "b"))
		first, _ := a.MarshalText()
		second, _ := b.MarshalText()
		if strings.Compare(string(first), string(second)) != cmp.Compare(a, b) {
			t.Fatalf("%s and %s", first, second)
		}
		var back LSN
		if err := back.UnmarshalText(first); err != nil || back != a {
			t.Fatalf("%s came back as %s: %v", first, back, err)
		}
	})
}
