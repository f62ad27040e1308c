package mysql

import (
	"fmt"
	"math"
	"testing"
)

// TestPositionsAreOfOneWidth spells numbers as fmt does, and those that have more digits whole.
func TestPositionsAreOfOneWidth(t *testing.T) {
	for _, n := range []uint64{0, 1, 15, 16, 0xabc, 1 << 31, 1<<32 - 1, 1 << 40, math.MaxUint64} {
		for _, width := range []int{8, 10, 11} {
			if got, want := string(appendHex(nil, n, width)), fmt.Sprintf("%0*x", width, n); got != want {
				t.Errorf("%s instead of %s", got, want)
			}
		}
	}
}
