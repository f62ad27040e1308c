package postgres

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// everywhere reads one table in each of the three ways, to bronze and from there to gold.
const everywhere = shopConnection + `source "postgres" "whole" {
  connection = connection.postgres.shop
  table      = "public.every"
}
source "postgres" "grown" {
  connection = connection.postgres.shop
  table      = "public.every"
  extract "incremental" { cursor = id }
}
source "postgres" "followed" {
  connection = connection.postgres.shop
  table      = "public.every"
  extract "delta" {}
}
table "bronze" "whole" { from = source.postgres.whole }
table "bronze" "grown" { from = source.postgres.grown }
table "bronze" "followed" {
  from = source.postgres.followed
  write "merge" { key = [id] }
}
table "gold" "whole" { from = table.bronze.whole }
table "gold" "grown" { from = table.bronze.grown }
table "gold" "followed" { from = table.bronze.followed }
`

// readEverywhere prints the rows of each table, as PyIceberg and as DuckDB read them.
const readEverywhere = `
import base64, datetime, json, uuid, lake
def plain(v):
    return {k: plain(w) for k, w in v.items()} if isinstance(v, dict) else [plain(w) for w in v] if isinstance(v, list) else v
def spell(v, uuids):
    if isinstance(v, bool): return str(v).lower()
    if isinstance(v, bytes): return str(uuid.UUID(bytes=v)) if uuids else base64.b64encode(v).decode()
    if isinstance(v, datetime.datetime):
        text = v.replace(tzinfo=None).isoformat(timespec="microseconds").rstrip("0").rstrip(".")
        return text + ("Z" if v.tzinfo else "")
    if isinstance(v, datetime.time): return v.isoformat(timespec="microseconds")
    if isinstance(v, (dict, list)): return json.dumps(plain(v), ensure_ascii=False, separators=(",", ":"))
    return str(v)
catalog, engine = lake.catalog("."), lake.engine()
for layer in ("bronze", "gold"):
    for name in ("whole", "grown", "followed"):
        table = catalog.load_table(f"{layer}.{name}")
        uuids = {f.name for f in table.schema().fields if str(f.field_type) == "uuid"}
        lake.scan(engine, table, "seen")
        for reader, found in (("PyIceberg", table.scan().to_arrow()), ("DuckDB", engine.sql("SELECT * FROM seen").to_arrow_table())):
            rows = sorted(found.to_pylist(), key=lambda row: row["id"])
            print(f"{reader} of {layer}.{name}")
            print(json.dumps([{k: None if v is None else spell(v, k in uuids) for k, v in row.items()} for row in rows], ensure_ascii=False))
`

// TestTypesEverywhere takes a table of each type through etl in each way, to bronze and to gold: PyIceberg and DuckDB find the
// values that the server has, of rows that were there at first and of one that came later. PyIceberg makes empty lists of null
// ones, where the elements are objects (it builds such lists anew from their offsets alone).
func TestTypesEverywhere(t *testing.T) {
	d := newDatabase(t)
	prepareTypes(t, d)
	columns, values := []string{"id bigint PRIMARY KEY"}, []string{}
	for i, c := range everyType() {
		columns = append(columns, fmt.Sprintf("c%d %s", i, c.declared))
		values = append(values, c.value)
	}
	row := func(id int) { d.exec(t, "INSERT INTO every VALUES (%d, %s)", id, strings.Join(values, ", ")) }
	d.exec(t, "CREATE TABLE every (%s); INSERT INTO every (id) VALUES (2)", strings.Join(columns, ", "))
	row(1)
	p := newProject(t, d, map[string]string{"shop.etl.hcl": everywhere})
	t.Cleanup(func() { d.dropSlots(t) })
	p.must(t, 0, "apply", "-auto-approve")
	row(3)
	p.must(t, 0, "apply", "-auto-approve")
	lines := strings.Split(strings.TrimSpace(p.Python(t, root, readEverywhere)), "\n")
	if len(lines) != 2*2*2*3 {
		t.Fatalf("%d lines", len(lines))
	}
	for i := 0; i < len(lines); i += 2 {
		var rows []map[string]*string
		if err := json.Unmarshal([]byte(lines[i+1]), &rows); err != nil || len(rows) != 3 {
			t.Fatalf("%s: %v: %s", lines[i], err, lines[i+1])
		}
		for n, c := range everyType() {
			name := fmt.Sprintf("c%d", n)
			emptied := strings.HasPrefix(lines[i], "PyIceberg") && strings.HasPrefix(c.kind, "list(object")
			if null := rows[1][name]; null != nil && (!emptied || *null != "[]") {
				t.Errorf("%s: a null of %s is %s", lines[i], c.declared, *null)
			}
			for _, row := range []int{0, 2} {
				if got := rows[row][name]; got == nil || !sameNumber(*got, c.arrives) {
					t.Errorf("%s, row %s: %s %s is %v instead of %s", lines[i], *rows[row]["id"], c.declared, c.value, spelled(got), c.arrives)
				}
			}
		}
	}
}

func spelled(text *string) string {
	if text == nil {
		return "null"
	}
	return *text
}

// sameNumber compares floats as numbers: each language spells them in its own way.
func sameNumber(got, want string) bool {
	if got == want {
		return true
	}
	a, err1 := strconv.ParseFloat(got, 64)
	b, err2 := strconv.ParseFloat(want, 64)
	return err1 == nil && err2 == nil && strings.ContainsAny(want, "If.e") && float32(a) == float32(b)
}
