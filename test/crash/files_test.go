package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestHundredThousandFiles has them all in one cursor: one more is read alone, and nothing is read twice.
func TestHundredThousandFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("100,000 files take a minute")
	}
	const files = 100_000
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"many.etl.hcl": `
source "csv" "many" {
  path  = "in/*.csv"
  types = { id = long }
  extract "incremental" {}
}
table "bronze" "many" { from = source.csv.many }
table "gold" "many" {
  from = table.bronze.many
  aggregate {
    n     = count()
    total = sum(id)
  }
}
`, "in/0.csv": "id\n0\n"})
	for i := 1; i < files; i++ {
		if err := os.WriteFile(filepath.Join(l.Dir, "in", fmt.Sprintf("%d.csv", i)), fmt.Appendf(nil, "id\n%d\n", i), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	l.Must(t, 0, "apply", "-auto-approve")
	l.Must(t, 0, "plan", "-detailed-exitcode")
	l.Write(t, map[string]string{"in/more.csv": fmt.Sprintf("id\n%d\n", files)})
	l.Must(t, 2, "plan", "-detailed-exitcode")
	l.Must(t, 0, "apply", "-auto-approve")
	want := fmt.Sprintf(`gold.many {"n":%d,"total":%d}`, files+1, files*(files+1)/2)
	if got := l.Rows(t, "gold.many"); got != want {
		t.Errorf("gold.many has %s instead of %s", got, want)
	}
	l.NoOrphans(t)
}
