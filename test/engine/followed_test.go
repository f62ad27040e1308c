package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

// followed is a table that tells its changes: a log of transactions, of which a read gets those that it has not seen.
type followed struct {
	columns coltype.Schema
	rows    map[int64]map[string]any // as they are now
	log     []change
	clock   int64 // microseconds
	// lost says up to which transaction the source has forgotten its changes.
	lost     int
	prepared int
	calls    []string // Prepare, Acknowledge and Release, in the order in which they came
	fail     error    // of the next read, after its rows
	deaf     bool     // what it is told comes to nothing
	key      []string // what identifies a row, which is all that deletes tell
	again    bool     // it sends changes that were read before
}

// change is one change of a row. Before is what the row was; it is nil for an insert.
type change struct {
	op       string
	lsn, seq int
	at       int64
	row      map[string]any
	masked   []string // of a row, what isn't told
	bad      bool     // the row can't be represented
	key      []string // of a delete, the columns that are told; all of them where there are none
}

func newFollowed() *followed {
	return &followed{columns: coltype.Schema{
		{Name: "id", Type: coltype.Of(coltype.Long)}, {Name: "a", Type: coltype.Of(coltype.String)}, {Name: "v", Type: coltype.Of(coltype.Long)},
	}, rows: map[int64]map[string]any{}, clock: 1_000_000, key: []string{"id"}}
}

// transaction adds changes that are committed together.
func (f *followed) transaction(changes ...change) {
	lsn := 1
	if len(f.log) > 0 {
		lsn = f.log[len(f.log)-1].lsn + 1
	}
	for i := range changes {
		changes[i].lsn, changes[i].seq, changes[i].at = lsn, i, f.clock
	}
	f.log = append(f.log, changes...)
}

func (f *followed) insert(id int64, a any, v any) change {
	row := map[string]any{"id": id, "a": a, "v": v}
	f.rows[id] = row
	return change{op: sdk.Insert, row: row}
}

// update changes v, and leaves a out if it is told to.
func (f *followed) update(id int64, a, v any, masked bool) change {
	c := change{op: sdk.Update}
	if masked {
		a, c.masked = f.rows[id]["a"], []string{"a"}
	}
	c.row = map[string]any{"id": id, "a": a, "v": v}
	f.rows[id] = c.row
	return c
}

func (f *followed) remove(id int64) change {
	row, there := f.rows[id]
	if !there { // what it was can't be represented
		row = map[string]any{"id": id}
	}
	delete(f.rows, id)
	return change{op: sdk.Delete, row: row, key: f.key}
}

// move changes the key: two changes.
func (f *followed) move(from, to int64, masked bool) []change {
	row := maps.Clone(f.rows[from])
	gone := f.remove(from)
	row["id"] = to
	f.rows[to] = row
	c := change{op: sdk.Insert, row: row}
	if masked {
		c.masked = []string{"a"}
	}
	return []change{gone, c}
}

func (f *followed) truncate() change {
	f.rows = map[int64]map[string]any{}
	return change{op: sdk.Truncate, row: map[string]any{}}
}

func (f *followed) now() int {
	if len(f.log) == 0 {
		return 0
	}
	return f.log[len(f.log)-1].lsn
}

type followedCursor struct{ Version, LSN int }

func cursorAt(lsn int) []byte {
	text, _ := json.Marshal(followedCursor{1, lsn})
	return text
}

func (f *followed) plan(_ sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	r := &sdk.PlanResponse{Columns: f.columns, Resumable: true, Changed: true, Rows: -1, Bytes: -1, Until: cursorAt(f.now()), Key: f.key,
		Position: fmt.Sprintf("changes up to %d", f.now())}
	if f.prepared == 0 {
		r.Creates = []string{"replication slot etl_shop_t"}
	}
	var c followedCursor
	if len(req.Cursor[""]) == 0 || json.Unmarshal(req.Cursor[""], &c) != nil {
		r.Snapshot = true
		return r, nil
	}
	r.Changed, r.Resumable = c.LSN < f.now(), c.LSN >= f.lost
	return r, nil
}

func (f *followed) follow(call string, cursor map[string][]byte) sdk.Diagnostics {
	if f.deaf {
		f.calls = append(f.calls, "unheard "+call)
		return sdk.Diagnostics{{Severity: "error", Summary: "Connection lost", Detail: "The server closed the connection."}}
	}
	switch call {
	case "prepare":
		f.prepared++
	case "release":
		f.prepared = 0
	case "acknowledge":
		var c followedCursor
		_ = json.Unmarshal(cursor[""], &c)
		call = fmt.Sprintf("%s %d", call, c.LSN)
		f.lost = max(f.lost, c.LSN)
	}
	f.calls = append(f.calls, call)
	return nil
}

// spelledPosition sorts as positions do.
func spelledPosition(lsn, seq int) string { return fmt.Sprintf("%016X/%010d", lsn, seq) }

func (f *followed) read(ctx context.Context, _ sdk.Config, req sdk.ReadRequest, out *output) error {
	if req.Staging != nil {
		return fmt.Errorf("finished files were asked for")
	}
	if f.prepared == 0 {
		return fmt.Errorf("it was not prepared")
	}
	var from, until followedCursor
	_ = json.Unmarshal(req.Until, &until)
	var sent []map[string]any
	if len(req.Cursor[""]) == 0 {
		sent = f.snapshot(until.LSN)
		from.LSN = until.LSN
	} else if err := json.Unmarshal(req.Cursor[""], &from); err != nil {
		return err
	}
	for _, c := range f.log {
		if (c.lsn > from.LSN || f.again) && c.lsn <= until.LSN {
			sent = append(sent, c.sent())
		}
	}
	if err := out.send(ctx, req.Columns, sent, 3); err != nil {
		return err
	}
	if f.fail != nil {
		err := f.fail
		f.fail = nil
		return err
	}
	return out.Checkpoint(ctx, "", cursorAt(until.LSN))
}

// snapshot is the table as it was after a transaction.
func (f *followed) snapshot(lsn int) []map[string]any {
	rows := map[int64]map[string]any{}
	for _, c := range f.log {
		id, _ := c.row["id"].(int64)
		switch {
		case c.lsn > lsn:
		case c.op == sdk.Truncate:
			rows = map[int64]map[string]any{}
		case c.op == sdk.Delete:
			delete(rows, id)
		default:
			rows[id] = c.row
		}
	}
	sent := []map[string]any{{sdk.OpColumn: sdk.Truncate, sdk.PositionColumn: spelledPosition(lsn, 1_000_000), sdk.CommittedAtColumn: f.clock}}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		row := maps.Clone(rows[id])
		row[sdk.OpColumn], row[sdk.PositionColumn], row[sdk.CommittedAtColumn] = sdk.Insert, spelledPosition(lsn, 1_000_000+len(sent)), f.clock
		sent = append(sent, row)
	}
	return sent
}

// sent is a change as a provider sends it.
func (c change) sent() map[string]any {
	row := maps.Clone(c.row)
	if c.key != nil {
		maps.DeleteFunc(row, func(name string, _ any) bool { return !slices.Contains(c.key, name) })
	}
	for _, name := range c.masked {
		delete(row, name)
	}
	row[sdk.OpColumn], row[sdk.PositionColumn], row[sdk.CommittedAtColumn] = c.op, spelledPosition(c.lsn, c.seq), c.at
	if len(c.masked) > 0 {
		row[sdk.UnchangedColumn] = c.masked
	}
	return row
}

// drawTransaction changes the table at random.
func (f *followed) drawTransaction(t *rapid.T) {
	f.clock += rapid.SampledFrom([]int64{0, 0, 1, 1_000_000, -1}).Draw(t, "tick")
	var changes []change
	for range rapid.IntRange(1, 4).Draw(t, "changes") {
		id := rapid.Int64Range(1, 4).Draw(t, "id")
		a := rapid.SampledFrom([]any{nil, "x", "y"}).Draw(t, "a")
		v := rapid.SampledFrom([]any{nil, int64(1), int64(2), int64(-1)}).Draw(t, "v")
		masked := rapid.Bool().Draw(t, "masked")
		_, there := f.rows[id]
		kind := rapid.SampledFrom([]string{"write", "write", "write", "delete", "move", "truncate"}).Draw(t, "kind")
		switch {
		case kind == "truncate" && rapid.IntRange(0, 3).Draw(t, "really") == 0:
			changes = append(changes, f.truncate())
		case !there:
			changes = append(changes, f.insert(id, a, v))
		case kind == "delete":
			changes = append(changes, f.remove(id))
		case kind == "move":
			to := id%4 + 1
			if _, taken := f.rows[to]; !taken {
				changes = append(changes, f.move(id, to, masked)...)
			}
		default:
			changes = append(changes, f.update(id, a, v, masked))
		}
	}
	f.transaction(changes...)
}

// state are the rows as they are now, as queries show them.
func (f *followed) state() []string {
	var lines []string
	for id, row := range f.rows {
		lines = append(lines, fmt.Sprintf("%d|%v|%v", id, or(row["a"], "null"), or(row["v"], "null")))
	}
	slices.Sort(lines)
	return lines
}

const followedSource = `
source "script" "t" {
  table = "t"
  extract "delta" {}
}
`

func followedProject(t *testing.T, text string) (*project, *followed) {
	t.Helper()
	table := newFollowed()
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
	p.write("shop.etl.hcl", followedSource+text)
	return p, table
}

const everyWay = `
table "bronze" "log" { from = source.script.t }
table "bronze" "now" {
  from = source.script.t
  write "merge" { key = [id] }
}
table "bronze" "soft" {
  from = source.script.t
  write "merge" {
    key     = [id]
    deletes = "soft"
  }
}
table "bronze" "past" {
  from = source.script.t
  write "history" { key = [id] }
}
table "silver" "some" {
  from = table.bronze.log
  filter { where = v > 0 }
  derive { b = upper(a) }
  select { columns = [id, b] }
}
table "silver" "kept" {
  from = table.silver.some
  write "append" {}
}
table "silver" "now" {
  from = table.silver.kept
  write "merge" { key = [id] }
}
table "silver" "direct" {
  from = table.bronze.log
  filter { where = v > 0 }
  write "merge" { key = [id] }
}
table "silver" "soft" {
  from = table.bronze.log
  write "merge" {
    key     = [id]
    deletes = "soft"
  }
}
table "silver" "past" {
  from = table.bronze.log
  write "history" { key = [id] }
}
table "silver" "checked" {
  from = table.bronze.log
  expect "quarantine" "positive" { that = v > 0 }
  write "merge" { key = [id] }
}
`

// TestChangesAreApplied lets a table change at random, applies now and then, and compares every way to keep it with the table
// itself; at the end, everything computed from the log bit by bit with the same computed at once.
func TestChangesAreApplied(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := newFollowed()
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", followedSource+everyWay)
		for range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 4).Draw(rt, "transactions") {
				table.drawTransaction(rt)
			}
			p.apply()
			p.settled()
			compareFollowed(p, table)
		}
		recomputed(rt, p)
	})
}

// compareFollowed holds all that says how the rows are now against the source.
func compareFollowed(p *project, table *followed) {
	p.Helper()
	state := table.state()
	p.same("SELECT id, a, v FROM bronze.now", state...)
	p.same("SELECT id, a, v FROM bronze.soft WHERE NOT _etl_deleted", state...)
	p.same("SELECT id, a, v FROM bronze.past WHERE is_current", state...)
	p.same("SELECT id, a, v FROM silver.soft WHERE NOT _etl_deleted", state...)
	p.same("SELECT id, a, v FROM silver.past WHERE is_current", state...)
	p.same(`SELECT id, a, v FROM bronze.log WHERE _etl_position > (SELECT max(_etl_position) FROM bronze.log WHERE _etl_op = 'truncate')
		QUALIFY row_number() OVER (PARTITION BY id ORDER BY _etl_position DESC) = 1 AND _etl_op <> 'delete'`, state...)
	p.same("SELECT _etl_position FROM bronze.log GROUP BY ALL HAVING count(*) > 1")
	var positive, some []string
	for _, line := range state {
		if cells := strings.Split(line, "|"); cells[2] == "1" || cells[2] == "2" {
			positive = append(positive, line)
			b := cells[1]
			if b != "null" {
				b = strings.ToUpper(b)
			}
			some = append(some, cells[0]+"|"+b)
		}
	}
	p.same("SELECT id, a, v FROM silver.direct", positive...)
	p.same("SELECT id, a, v FROM silver.checked", positive...)
	p.same("SELECT id, b FROM silver.now", some...)
	p.same("SELECT id FROM bronze.past WHERE valid_to IS NOT NULL AND valid_to <= valid_from OR is_current <> (valid_to IS NULL)")
}

// recomputed drops what is computed from the log, computes it at once, and compares.
func recomputed(t *rapid.T, p *project) {
	t.Helper()
	tables := []string{"silver.now", "silver.direct", "silver.soft", "silver.past", "silver.checked", "silver.kept"}
	before := map[string][]string{}
	for _, name := range tables {
		before[name] = p.rows("SELECT * FROM " + name)
	}
	p.write("shop.etl.hcl", followedSource+everyWay[:strings.Index(everyWay, `table "silver"`)])
	p.apply()
	p.write("shop.etl.hcl", followedSource+everyWay)
	p.apply()
	for _, name := range tables {
		if got := p.rows("SELECT * FROM " + name); !slices.Equal(got, before[name]) {
			t.Fatalf("%s holds\n  %s\ncomputed at once it holds\n  %s", name, strings.Join(before[name], "\n  "), strings.Join(got, "\n  "))
		}
	}
}

// read is what a file of the project says.
func (p *project) read(name string) string {
	p.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.Fatalf("%v", err)
	}
	return string(text)
}

// snapshots counts a table's.
func (p *project) snapshots(namespace, name string) int {
	p.Helper()
	n := 0
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		history, err := lake.History(ctx, addr.Ident{Namespace: namespace, Name: name})
		if err != nil {
			p.Fatalf("%v", err)
		}
		n = len(history)
	})
	return n
}
