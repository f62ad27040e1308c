package engine

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws few random projects where the command line doesn't say how many: -rapid.checks=200 draws more.
func TestMain(m *testing.M) {
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == "rapid.checks" })
	if !asked {
		if err := flag.Set("rapid.checks", "10"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
