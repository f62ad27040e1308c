// Package interop checks that others read what etl writes, and that etl bears what others do to its tables.
package interop

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
