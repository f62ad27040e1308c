package engine

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws few random projects where the command line doesn't say how many: -rapid.checks=200 draws more. With -short it draws
// one, of which no test says what all of them must have shown.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		checks := "10"
		if testing.Short() {
			checks = "5" // of which rapid draws a fifth
		}
		if err := flag.Set("rapid.checks", checks); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
