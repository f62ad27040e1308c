package config

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// large writes a project of 1,000 tables in 100 files.
func large(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for file := range 100 {
		var b strings.Builder
		fmt.Fprintf(&b, "source \"csv\" \"s%d\" { path = \"data/%d/*.csv\" }\n\n", file, file)
		for i := range 10 {
			if i == 0 {
				fmt.Fprintf(&b, "table \"bronze\" \"t%d_0\" {\n  from = source.csv.s%d\n}\n\n", file, file)
				continue
			}
			fmt.Fprintf(&b, `table "silver" "t%[1]d_%[2]d" {
  from = table.%[3]s.t%[1]d_%[4]d

  filter { where = amount > var.limit && email != null }
  derive {
    email  = lower(trim(email))
    amount = cast(amount, decimal(12, 2))
    size   = amount > 1000 ? "large" : "small"
  }
  select { columns = [id, email, amount, size] }

  column "size" { doc = "How large it is" }
  expect "warn" "has an email" { that = like(email, "%%@%%") }
}

`, file, i, map[bool]string{true: "bronze", false: "silver"}[i == 1], i-1)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d.etl.hcl", file)), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text := "variable \"limit\" {\n  type    = number\n  default = 10\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "project.etl.hcl"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func BenchmarkLoad(b *testing.B) {
	dir := large(b)
	b.ReportAllocs()
	for b.Loop() {
		p, diags := Load(context.Background(), Options{Dir: dir, NeedSecrets: true, Plugin: plugin})
		if diags.HasErrors() || len(p.Tables) != 1000 {
			b.Fatal(len(p.Tables), render(b, p, diags))
		}
	}
}
