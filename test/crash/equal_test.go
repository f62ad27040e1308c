package crash

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// chains is how many tables with random steps one project has; deliveries how many files arrive one after the other.
const chains, deliveries = 14, 4

// TestIncrementalEqualsFull lets files arrive one by one at tables with random steps, and compares with a project that sees
// them all at once.
func TestIncrementalEqualsFull(t *testing.T) {
	random := rand.New(rand.NewPCG(seed(t), 1))
	config := chainProject(random)
	bit, whole := lab.New(t, binary), lab.New(t, binary)
	all := map[string]string{"chains.etl.hcl": config}
	bit.Write(t, map[string]string{"chains.etl.hcl": config})
	for i := range deliveries {
		file := map[string]string{fmt.Sprintf("in/%d.csv", i): delivery(random, i)}
		bit.Write(t, file)
		for name, content := range file {
			all[name] = content
		}
		bit.Must(t, 0, "apply", "-auto-approve")
	}
	whole.Write(t, all)
	whole.Must(t, 0, "apply", "-auto-approve")
	for i := range chains {
		table := fmt.Sprintf("silver.t%02d", i)
		if diff := lab.Difference(bit.Rows(t, table), whole.Rows(t, table)); diff != "" {
			t.Errorf("%s differs (step by step against at once):\n%s\n%s", table, diff, config)
		}
	}
}

// chainProject has one source that grows, one table to join with, and tables with random steps.
func chainProject(random *rand.Rand) string {
	var b strings.Builder
	b.WriteString(`
source "csv" "rows" {
  path  = "in/*.csv"
  types = { id = long, k = long, v = double, name = string, at = timestamp }
  extract "incremental" {}
}
table "bronze" "rows" { from = source.csv.rows }
table "silver" "names" {
  from = table.bronze.rows
  aggregate {
    by   = [k]
    many = count()
  }
}
`)
	for i := range chains {
		fmt.Fprintf(&b, "table \"silver\" \"t%02d\" {\n  from = table.bronze.rows\n%s}\n", i, chain(random))
	}
	return b.String()
}

// chain is a random list of steps. Sums of doubles depend on the order of rows: values are whole quarters, which add exactly.
func chain(random *rand.Rand) string {
	steps := []string{
		"  filter { where = v > 2 }\n",
		"  filter { where = name != null && k != 3 }\n",
		"  derive { w = v * 2 }\n",
		"  derive { name = upper(name) }\n",
		"  dedupe {\n    key  = [id]\n    keep = latest(at)\n  }\n",
		"  dedupe {\n    key  = [k, name]\n    keep = earliest(at)\n  }\n",
		"  join \"left\" {\n    with    = table.silver.names\n    on      = k == names.k\n    columns = { many = names.many }\n  }\n",
		"  window {\n    by      = [k]\n    order   = [at, id, v, name]\n    columns = { nth = row_number() }\n  }\n",
	}
	last := []string{
		"", "", "",
		"  aggregate {\n    by    = [k]\n    n     = count()\n    total = sum(v)\n    top   = max(at)\n  }\n",
		"  aggregate {\n    by   = [name]\n    n    = count()\n    low  = min(v)\n    most = count_distinct(id)\n  }\n",
		"  expect \"drop\" \"even\" { that = k % 2 == 0 }\n",
		"  expect \"quarantine\" \"named\" { that = name != null }\n",
		"  partition_by = [month(at)]\n",
	}
	var b strings.Builder
	used := map[int]bool{}
	for range random.IntN(4) {
		if i := random.IntN(len(steps)); !used[i] {
			used[i] = true
			b.WriteString(steps[i])
		}
	}
	b.WriteString(last[random.IntN(len(last))])
	return b.String()
}

// delivery is a file of random rows: keys repeat and are null, names are missing, the same row comes twice.
func delivery(random *rand.Rand, file int) string {
	var b strings.Builder
	b.WriteString("id,k,v,name,at\n")
	for i := range 30 {
		k := fmt.Sprint(random.IntN(6))
		if k == "5" {
			k = ""
		}
		name := []string{"", "ada", "bob", "Çelik"}[random.IntN(4)]
		line := fmt.Sprintf("%d,%s,%.2f,%s,2026-%02d-%02d %02d:00:00\n", random.IntN(25), k, float64(random.IntN(40))/4, name, 1+random.IntN(4), 1+file, i%24)
		b.WriteString(strings.Repeat(line, 1+i%10/9))
	}
	return b.String()
}
