package interop

import (
	"strings"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

const checkedLedger = `
source "csv" "entries" {
  path  = "in/*.csv"
  types = { id = long }
  extract "incremental" {}
}
table "bronze" "entries" { from = source.csv.entries }
table "silver" "entries" {
  from = table.bronze.entries
  select { columns = [id] }
  expect "quarantine" "even" { that = id % 2 == 0 }
  write "append" {}
}
`

// TestForeignHandsOnQuarantine returns a table to an earlier snapshot, and to one that was left, while PyIceberg and iceberg-go
// change its quarantine: after each apply, what is bad is there, and what others put there too.
func TestForeignHandsOnQuarantine(t *testing.T) {
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"ledger.etl.hcl": checkedLedger})
	for _, rows := range []string{"0\n1\n", "2\n3\n", "4\n5\n"} {
		l.Write(t, map[string]string{"in/" + rows[:1] + ".csv": "id\n" + rows})
		l.Must(t, 0, "apply", "-auto-approve")
	}
	snapshots := strings.Fields(l.Python(t, root, `
import lake
print(*(s.snapshot_id for s in lake.catalog(".").load_table("silver.entries").snapshots()))`))
	l.Save(t, "three runs")
	const quarantine = "silver.entries__quarantine"
	hands := map[string]func(t *testing.T){
		"none":    func(*testing.T) {},
		"append":  func(t *testing.T) { appendBad(t, l, quarantine) },
		"compact": func(t *testing.T) { compact(t, l, quarantine) },
		"expire":  func(t *testing.T) { expire(t, l, quarantine) },
		"append and compact": func(t *testing.T) {
			appendBad(t, l, quarantine)
			compact(t, l, quarantine)
		},
	}
	for name, hand := range hands {
		for when, steps := range map[string][]string{
			"back":              {snapshots[0], "hand", "apply"},
			"before going back": {"hand", snapshots[1], "apply"},
			"forward again":     {snapshots[0], "apply", "hand", snapshots[2], "apply"},
			"forth and back":    {snapshots[0], "hand", "apply", snapshots[1], "apply"},
		} {
			t.Run(name+" "+when, func(t *testing.T) {
				l.Restore(t, "three runs")
				for _, step := range steps {
					switch step {
					case "hand":
						hand(t)
					case "apply":
						l.Must(t, 0, "apply", "-auto-approve")
					default:
						l.Must(t, 0, "rollback", "table.silver.entries", "-to="+step, "-auto-approve")
					}
				}
				want, script := `[1, 3, 5]`, `assert found == want, found`
				if strings.HasPrefix(name, "append") {
					want = `[1, 3, 5, 9]`
				}
				if when == "forth and back" && name == "expire" { // what was in quarantine then is not known: none is lost
					script = `assert sorted(set(found)) == want, found`
				}
				l.Python(t, root, `
import json, sys, lake
want = json.loads(sys.argv[1])
table = lake.catalog(".").load_table("silver.entries__quarantine")
found = sorted(json.loads(r)["id"] for r in table.scan().to_arrow()["raw"].to_pylist())
`+script, want)
				l.Must(t, 0, "plan", "-detailed-exitcode")
			})
		}
	}
}

// appendBad appends a row to a quarantine as another writer.
func appendBad(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	l.Python(t, root, `
import sys, lake, pyarrow as pa
table = lake.catalog(".").load_table(sys.argv[1])
table.append(pa.Table.from_pylist([{"raw": '{"id":9}', "reason": "by hand"}], schema=table.schema().as_arrow()))
`, name)
}
