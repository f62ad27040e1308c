// Package crash kills, stops and disturbs etl at every named point and at random moments, and checks that nothing is lost,
// nothing is doubled, and nothing is left behind.
package crash

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// binary is where TestMain built etl; root is the repository.
var binary, root string

func TestMain(m *testing.M) {
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		panic(err)
	}
	os.Exit(lab.Main(m, root, &binary))
}
