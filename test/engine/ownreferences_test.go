package engine

import (
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/planner"
)

// twoFiles are two tables of files that come bit by bit; the table over them is BODY.
const twoFiles = `
source "csv" "a" {
  path = "a*.csv"
  extract "incremental" {}
}
source "csv" "b" {
  path = "b*.csv"
  extract "incremental" {}
}
table "bronze" "a" { from = source.csv.a }
table "bronze" "b" { from = source.csv.b }
table "silver" "t" {
  BODY
}
`

func twoFilesProject(t *testing.T, body string) *project {
	t.Helper()
	return newProject(t, map[string]string{"shop.etl.hcl": strings.ReplaceAll(twoFiles, "BODY", body),
		"a1.csv": "id,g,v\n1,x,5\n2,y,1\n", "b1.csv": "id,g,v\n1,x,1\n5,x,2\n7,z,2\n"})
}

// TestReferencesToWhatIsRead looks rows up in all rows of a table that the query reads too, though it reads only the new ones.
func TestReferencesToWhatIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"union, drop": {
			`from = table.bronze.a
			union { with = [table.bronze.b] }
			expect "drop" "known" { references = { v = table.bronze.b.id } }`,
			[]string{"1|1", "1|5", "2|1", "3|1", "4|5"},
		},
		"union, quarantine, append": {
			`from = table.bronze.b
			write "append" {}
			union { with = [table.bronze.a] }
			expect "quarantine" "known" { references = { v = table.bronze.b.id } }`,
			[]string{"1|1", "1|5", "2|1", "3|1", "4|5"},
		},
		"its own input, fail": {
			`from = table.bronze.a
			filter { where = v < 3 }
			expect "fail" "known" { references = { v = table.bronze.a.id } }`,
			[]string{"2|1", "3|1"},
		},
		"its own input, merge": {
			`from = table.bronze.a
			filter { where = v < 3 }
			write "merge" { key = [id] }
			expect "fail" "known" { references = { v = table.bronze.a.id } }`,
			[]string{"2|1", "3|1"},
		},
		"its own input, by keys": {
			`from = table.bronze.a
			filter { where = v < 3 }
			dedupe { key = [id] }
			expect "fail" "known" { references = { v = table.bronze.a.id } }`,
			[]string{"2|1", "3|1"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := twoFilesProject(t, c.body)
			p.apply()
			p.write("a2.csv", "id,g,v\n3,x,1\n4,z,5\n6,y,9\n")
			p.apply()
			p.same("SELECT id, v FROM silver.t ORDER BY ALL", c.want...)
			p.settled()
		})
	}
}

// TestNewReferenceToWhatIsRead runs a check that comes later on a table that has nothing else to do.
func TestNewReferenceToWhatIsRead(t *testing.T) {
	p := twoFilesProject(t, "from = table.bronze.a")
	p.apply()
	body := `from = table.bronze.a
	expect "warn" "known" { references = { v = table.bronze.a.id } }`
	p.write("shop.etl.hcl", strings.ReplaceAll(twoFiles, "BODY", body))
	_, _, diags := p.tryApply(planner.Options{})
	if diags.HasErrors() || !strings.Contains(spelled(diags), `"known"`) {
		t.Errorf("the check said: %s", spelled(diags))
	}
	p.settled()
}
