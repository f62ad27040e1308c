package quantity

import "testing"

func TestWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 rows have", 1: "1 row has", 2: "2 rows have", 1000: "1000 rows have"} {
		if got := Of(n, "row") + " " + Have(n); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
