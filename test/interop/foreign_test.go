package interop

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	sqlcat "github.com/apache/iceberg-go/catalog/sql"
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/table/compaction"
	_ "modernc.org/sqlite" // the catalog

	"github.com/automic-etl/etl/test/crash/lab"
)

const ledger = `
source "csv" "entries" {
  path  = "in/*.csv"
  types = { id = long, account = string, amount = decimal(12, 2) }
  extract "incremental" {}
}
table "bronze" "entries" { from = source.csv.entries }
table "silver" "entries" {
  from = table.bronze.entries
  derive { twice = amount * 2 }
}
table "silver" "accounts" {
  from = table.bronze.entries
  dedupe {
    key  = [account]
    keep = latest(id)
  }
}
table "gold" "balances" {
  from = table.silver.entries
  aggregate {
    by      = [account]
    entries = count()
    balance = sum(amount)
  }
}
`

// entries are a file's rows: ids from..to-1, so that a row is lost or doubled visibly.
func entries(from, to int) string {
	var b strings.Builder
	b.WriteString("id,account,amount\n")
	for id := from; id < to; id++ {
		fmt.Fprintf(&b, "%d,%c,%d.25\n", id, 'a'+id%5, id)
	}
	return b.String()
}

// TestForeignWriters lets PyIceberg append and expire and iceberg-go compact between our runs. After each apply the tables
// downstream hold every row of bronze once.
func TestForeignWriters(t *testing.T) {
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"ledger.etl.hcl": ledger})
	foreign := map[string]func(t *testing.T){
		"nothing": func(*testing.T) {},
		"append":  func(t *testing.T) { appendEntry(t, l, "bronze.entries", 900001) },
		"compact": func(t *testing.T) { compact(t, l, "bronze.entries") },
		"expire":  func(t *testing.T) { expire(t, l, "bronze.entries") },
		"append and expire": func(t *testing.T) {
			appendEntry(t, l, "bronze.entries", 900002)
			expire(t, l, "bronze.entries")
		},
		"append and compact": func(t *testing.T) {
			appendEntry(t, l, "bronze.entries", 900003)
			compact(t, l, "bronze.entries")
		},
		"compact the table below": func(t *testing.T) { compact(t, l, "silver.entries") },
	}
	order := []string{"nothing", "append", "compact", "expire", "append and expire", "append and compact", "compact the table below", "nothing"}
	for i, name := range order {
		t.Run(fmt.Sprintf("%d %s", i, name), func(t *testing.T) {
			foreign[name](t)
			// Once with new data of our own on top, once without.
			for half := range 2 {
				if half == 1 || i%2 == 0 {
					from := (2*i + half) * 10
					l.Write(t, map[string]string{fmt.Sprintf("in/%03d.csv", 2*i+half): entries(from, from+10)})
				}
				l.Must(t, 0, "apply", "-auto-approve")
				everyRowOnce(t, l)
			}
			l.Must(t, 0, "plan", "-detailed-exitcode")
		})
	}
}

// TestStateBehindGap: two foreign appends and an expiry cut main off from the last snapshot that records what was read. Nobody
// can tell any more whether its rows are in main, so the apply is refused, and the way out that it names is one.
func TestStateBehindGap(t *testing.T) {
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"ledger.etl.hcl": ledger, "in/1.csv": entries(0, 10)})
	l.Must(t, 0, "apply", "-auto-approve")
	l.Write(t, map[string]string{"in/2.csv": entries(10, 20)})
	l.Must(t, 0, "apply", "-auto-approve")
	appendEntry(t, l, "bronze.entries", 900001)
	appendEntry(t, l, "bronze.entries", 900002)
	for _, name := range []string{"bronze.entries", "silver.entries", "silver.accounts", "gold.balances"} {
		compact(t, l, name)
		expire(t, l, name)
	}
	l.Write(t, map[string]string{"in/3.csv": entries(20, 30)})
	before := l.Digest(t)
	r := l.Must(t, 1, "apply", "-auto-approve")
	if !r.Says("table.bronze.entries", "etl rollback") {
		t.Errorf("it doesn't say what to do:\n%s", r.Output())
	}
	if diff := lab.Difference(l.Digest(t), before); diff != "" {
		t.Errorf("it has written:\n%s", diff)
	}
	l.Must(t, 0, "rollback", "table.bronze.entries", "-to=etl", "-auto-approve")
	l.Must(t, 0, "apply", "-auto-approve")
	everyRowOnce(t, l)
	l.Must(t, 0, "plan", "-detailed-exitcode")
}

// everyRowOnce compares silver and gold with what they are by definition, computed by DuckDB over bronze as PyIceberg reads it.
func everyRowOnce(t *testing.T, l *lab.Lab) {
	t.Helper()
	l.Python(t, root, `
import glob, csv, lake
catalog, duck = lake.catalog("."), lake.engine()
def read(name):
    return catalog.load_table(name).scan().to_arrow()
bronze, silver, accounts, gold = (read(n) for n in ("bronze.entries", "silver.entries", "silver.accounts", "gold.balances"))
def rows(sql):
    return duck.execute(sql).fetchall()
want = rows("SELECT id, account, amount, amount * 2 FROM bronze ORDER BY ALL")
assert rows("SELECT id, account, amount, twice FROM silver ORDER BY ALL") == want, "silver.entries"
want = rows("SELECT account, max(id) FROM bronze GROUP BY ALL ORDER BY ALL")
assert rows("SELECT account, id FROM accounts ORDER BY ALL") == want, "silver.accounts"
want = rows("SELECT account, count(*), sum(amount) FROM bronze GROUP BY ALL ORDER BY ALL")
assert rows("SELECT account, entries, balance FROM gold ORDER BY ALL") == want, "gold.balances"
files = sorted(int(r["id"]) for f in glob.glob("in/*.csv") for r in csv.DictReader(open(f)))
ours = [i for (i,) in rows("SELECT id FROM bronze WHERE id < 900000 ORDER BY id")]
assert ours == files, "bronze.entries has rows of the files twice or not at all"
foreign = [i for (i,) in rows("SELECT id FROM bronze WHERE id >= 900000 ORDER BY id")]
assert foreign == sorted(set(foreign)), "foreign rows are doubled"
`)
}

// appendEntry appends a row as another writer, without our provenance.
func appendEntry(t *testing.T, l *lab.Lab, name string, id int) {
	t.Helper()
	l.Python(t, root, `
import sys, lake, pyarrow as pa
table = lake.catalog(".").load_table(sys.argv[1])
one = table.scan(limit=1).to_arrow().slice(0, 1).to_pylist()[0] | {"id": int(sys.argv[2])}
table.append(pa.Table.from_pylist([one], schema=table.schema().as_arrow()))
`, name, fmt.Sprint(id))
}

// expire expires all snapshots that PyIceberg may.
func expire(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	l.Python(t, root, `
import sys, lake, datetime
table = lake.catalog(".").load_table(sys.argv[1])
table.maintenance.expire_snapshots().older_than(datetime.datetime.now() + datetime.timedelta(seconds=1)).commit()
assert len(lake.catalog(".").load_table(sys.argv[1]).snapshots()) <= 2
`, name)
}

// compact rewrites all files of a table as one, by iceberg-go's own means.
func compact(t *testing.T, l *lab.Lab, name string) {
	t.Helper()
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(l.Dir, ".etl", "catalog.db")+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	catalog, err := sqlcat.NewCatalog("etl", db, sqlcat.SQLite, nil)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := catalog.LoadTable(ctx, strings.Split(name, "."))
	if err != nil {
		t.Fatal(err)
	}
	config := compaction.DefaultConfig()
	config.MinInputFiles = 1
	plan, err := compaction.Analyze(ctx, tbl, config)
	if err != nil {
		t.Fatal(err)
	}
	var groups []table.CompactionTaskGroup
	for _, g := range plan.Groups {
		groups = append(groups, table.CompactionTaskGroup{PartitionKey: g.PartitionKey, Tasks: g.Tasks, TotalSizeBytes: g.TotalSizeBytes})
	}
	if _, err := tbl.RewriteDataFiles(ctx, groups, table.RewriteDataFilesOptions{}); err != nil {
		t.Fatal(err)
	}
}
