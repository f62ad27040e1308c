package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/planner"
)

// checked is a pipeline with a check on the loaded table and one on a table computed of it, %s each.
const checked = `
source "csv" "orders" {
  path  = "in/*.csv"
  types = { region = string }
  extract "incremental" {}
}
source "csv" "regions" { path = "regions.csv" }
table "bronze" "orders" {
  from = source.csv.orders
  %s
}
table "bronze" "regions" { from = source.csv.regions }
table "silver" "orders" {
  from = table.bronze.orders
  filter { where = amount > 0 }
  %s
}
`

func checkedFiles(loaded, computed string) map[string]string {
	return map[string]string{"shop.etl.hcl": fmt.Sprintf(checked, loaded, computed),
		"in/1.csv": "id,amount,region\n1,2,eu\n2,1,us\n3,5,asia\n4,4,\n", "regions.csv": "id,name\neu,Europe\nus,States\n"}
}

// second repeats the id 1, has a region that nobody knows, a null and a good row.
const second = "id,amount,region\n1,9,us\n5,1,mars\n6,2,\n7,3,eu\n"

// TestChecksThatTakeRowsOut holds both runs of each check against the rows that must be left, in the table and in quarantine.
func TestChecksThatTakeRowsOut(t *testing.T) {
	tests := map[string]struct {
		check         string
		first, second []string // ids
		loaded        []string // ids of the loaded table after the second run, where it differs
		compute       string   // of the second run
	}{
		"that":       {"{ that = amount < 5 }", []string{"1", "2", "4"}, []string{"1", "2", "4", "5", "6", "7"}, nil, "append"},
		"not null":   {"{ not_null = [region] }", []string{"1", "2", "3"}, []string{"1", "1", "2", "3", "5", "7"}, nil, "append"},
		"references": {"{ references = { region = table.bronze.regions.id } }", []string{"1", "2", "4"}, []string{"1", "1", "2", "4", "6", "7"}, nil, "append"},
		// What was loaded before stays loaded; what is computed is as if computed anew.
		"unique": {"{ unique = [id] }", []string{"1", "2", "3", "4"}, []string{"2", "3", "4", "5", "6", "7"}, []string{"1", "2", "3", "4", "5", "6", "7"}, "full"},
	}
	for name, test := range tests {
		for _, action := range []string{"drop", "quarantine"} {
			t.Run(name+" "+action, func(t *testing.T) {
				expect := fmt.Sprintf("expect %q \"good\" %s", action, test.check)
				loaded := newProject(t, checkedFiles(expect, ""))
				computed := newProject(t, checkedFiles("", expect))
				for _, p := range []*project{loaded, computed} {
					p.apply()
					p.settled()
				}
				loaded.same("SELECT id FROM bronze.orders", test.first...)
				computed.same("SELECT id FROM silver.orders", test.first...)
				for _, p := range []*project{loaded, computed} {
					p.write("in/2.csv", second)
				}
				loaded.apply()
				computed.expect(computed.apply(), "table.silver.orders", "refresh - "+test.compute)
				want := test.loaded
				if want == nil {
					want = test.second
				}
				loaded.same("SELECT id FROM bronze.orders", want...)
				computed.same("SELECT id FROM silver.orders", test.second...)
				for _, p := range []*project{loaded, computed} {
					p.settled()
				}
				if action == "quarantine" {
					loaded.same("SELECT count(*) FROM bronze.orders__quarantine", fmt.Sprint(8-len(want)))
					computed.same("SELECT count(*) FROM silver.orders__quarantine", fmt.Sprint(8-len(test.second)))
				}
			})
		}
	}
}

// TestReferencedTableChanges looks again at rows that were taken out, and at those that stayed.
func TestReferencedTableChanges(t *testing.T) {
	p := newProject(t, checkedFiles("", "expect \"drop\" \"known\" { references = { region = table.bronze.regions.id } }"))
	p.apply()
	p.same("SELECT id FROM silver.orders", "1", "2", "4")
	p.write("regions.csv", "id,name\neu,Europe\nasia,Asia\n")
	table := p.expect(p.apply(), "table.silver.orders", "refresh - full")
	if !strings.Contains(table.Why, "table.bronze.regions") {
		t.Errorf("the reason is %q", table.Why)
	}
	p.same("SELECT id FROM silver.orders", "1", "3", "4")
	p.settled()
}

// TestFailingCheck leaves the last good rows in place, and no file behind.
func TestFailingCheck(t *testing.T) {
	for name, expect := range map[string]string{
		"that": "{ that = amount < 9 }", "unique": "{ unique = [id] }", "not null": "{ not_null = [id, amount] }",
		"table": "{ table = count() < 5 }", "references": "{ references = { region = table.bronze.regions.id } }",
	} {
		t.Run(name, func(t *testing.T) {
			p := newProject(t, checkedFiles("", "expect \"fail\" \"good\" "+expect))
			p.write("in/1.csv", "id,amount,region\n1,2,eu\n2,1,us\n")
			p.apply()
			before := p.dataFiles("silver/orders")
			p.write("in/2.csv", "id,amount,region\n1,9,mars\n3,,eu\n4,1,eu\n5,1,eu\n")
			if name == "not null" {
				p.write("in/2.csv", "id,amount,region\n,9,mars\n")
			}
			_, result, diags := p.tryApply(planner.Options{})
			if !diags.HasErrors() || !strings.Contains(spelled(diags), "\"good\"") {
				t.Fatalf("the check did not fail: %s", spelled(diags))
			}
			for _, o := range result.Outcomes {
				if o.Address == "table.silver.orders" && o.State != "failed" {
					t.Errorf("the table is %s", o.State)
				}
			}
			p.same("SELECT id FROM silver.orders", "1", "2")
			if after := p.dataFiles("silver/orders"); strings.Join(before, "\n") != strings.Join(after, "\n") {
				t.Errorf("the failed run left files: %v instead of %v", after, before)
			}
		})
	}
}

// dataFiles are the Parquet files of a table, referenced or not.
func (p *project) dataFiles(table string) []string {
	p.Helper()
	var found []string
	folders, err := filepath.Glob(filepath.Join(p.dir, "warehouse", table+"*", "data"))
	if err != nil || len(folders) != 1 {
		p.Fatalf("the folders of %s are %v: %v", table, folders, err)
	}
	err = filepath.WalkDir(folders[0], func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		p.Fatalf("%v", err)
	}
	return found
}

// TestNewCheckAuditsOldRows adds a check while new rows come in: the old ones are looked at too.
func TestNewCheckAuditsOldRows(t *testing.T) {
	for _, arrives := range []bool{false, true} {
		p := newProject(t, checkedFiles("", ""))
		p.apply()
		p.write("shop.etl.hcl", fmt.Sprintf(checked, "", "expect \"fail\" \"small\" { that = amount < 5 }"))
		if arrives {
			p.write("in/2.csv", "id,amount,region\n8,1,eu\n")
		}
		_, _, diags := p.tryApply(planner.Options{})
		if !diags.HasErrors() || !strings.Contains(spelled(diags), "small") {
			t.Errorf("old rows passed a new check that they fail (new rows %v): %s", arrives, spelled(diags))
		}
		p.same("SELECT id FROM silver.orders", "1", "2", "3", "4")
	}
}

// TestCheckOverTime runs on an apply that has nothing else to do, and commits nothing.
func TestCheckOverTime(t *testing.T) {
	p := newProject(t, checkedFiles("", "expect \"warn\" \"fresh\" { table = max(_etl_loaded_at) > now() }"))
	_, _, diags := p.tryApply(planner.Options{})
	if diags.HasErrors() || !strings.Contains(spelled(diags), "fresh") {
		t.Errorf("a check over time that fails said nothing: %s", spelled(diags))
	}
	p.settled()
	planned, result, diags := p.tryApply(planner.Options{})
	if planned.Changes() || !planned.Checks() || !strings.Contains(spelled(diags), "fresh") {
		t.Errorf("an idle apply did not look at the check: changes %v, checks %v, %s", planned.Changes(), planned.Checks(), spelled(diags))
	}
	for _, o := range result.Outcomes {
		if o.Snapshot != 0 {
			t.Errorf("%s was committed", o.Address)
		}
	}
}

// TestMaxBadRows fails a load, and publishes neither rows nor quarantine.
func TestMaxBadRows(t *testing.T) {
	p := newProject(t, checkedFiles("max_bad_rows = 1", ""))
	p.apply()
	p.write("in/2.csv", "id,amount,region\n8,much,eu\n")
	p.apply()
	p.same("SELECT count(*) FROM bronze.orders__quarantine", "1")
	p.write("in/3.csv", "id,amount,region\n9,much,eu\n10,more,eu\n11,1,eu\n")
	_, _, diags := p.tryApply(planner.Options{})
	if !diags.HasErrors() || !strings.Contains(spelled(diags), "Too many bad rows") {
		t.Errorf("two bad rows passed a limit of one: %s", spelled(diags))
	}
	p.same("SELECT count(*) FROM bronze.orders__quarantine", "1")
	p.same("SELECT count(*) FROM bronze.orders", "4")
}
