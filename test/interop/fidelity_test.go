package interop

import (
	_ "embed"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

//go:embed values.etl.hcl
var valuesProject string

//go:embed values.py
var valuesScript string

// TestValues takes the values at the edges of every type through CSV, JSON and Parquet to bronze, silver and gold, and reads
// them with PyIceberg and DuckDB: unchanged, nulls and empty strings apart, NaN a NaN.
func TestValues(t *testing.T) {
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"values.etl.hcl": valuesProject})
	l.Python(t, root, valuesScript, "write")
	l.Must(t, 0, "apply", "-auto-approve")
	l.Python(t, root, valuesScript, "compare")
	l.Must(t, 0, "plan", "-detailed-exitcode")
	// The same rows in another order: the merge by a key that may be null finds its rows again.
	l.Python(t, root, valuesScript, "again")
	l.Must(t, 0, "apply", "-auto-approve")
	l.Python(t, root, valuesScript, "compare")
}
