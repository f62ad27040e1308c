package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/sdk"
)

// hiding is a followed table of which some rows can't be represented: they are bad rows, and a row that becomes one is deleted.
// The followed rows are those that a lakehouse can have.
type hiding struct {
	*followed
	all map[int64]found
}

// found is a row as the source has it.
type found struct {
	row map[string]any
	bad bool
}

func newHiding() *hiding { return &hiding{newFollowed(), map[int64]found{}} }

// written is an update, or an insert of a row that isn't there. A row that isn't known can't come back by an update that leaves
// something out.
func (h *hiding) written(op string, before, id int64, now found, masked bool) change {
	c := change{op: op, row: now.row, bad: now.bad}
	if masked {
		c.masked = []string{"a"}
	}
	_, known := h.rows[before]
	delete(h.rows, before)
	delete(h.all, before)
	h.all[id] = now
	if !now.bad && (known || !masked) {
		h.rows[id] = now.row
	}
	return c
}

func (h *hiding) draw(t *rapid.T) {
	var changes []change
	for range rapid.IntRange(1, 5).Draw(t, "changes") {
		id := rapid.Int64Range(1, 4).Draw(t, "id")
		was, there := h.all[id]
		masked := there && rapid.Bool().Draw(t, "masked")
		row := map[string]any{"id": id, "a": rapid.SampledFrom([]any{nil, "x", "y"}).Draw(t, "a"), "v": rapid.Int64Range(0, 2).Draw(t, "v")}
		if masked {
			row["a"] = was.row["a"]
		}
		now := found{row, rapid.IntRange(0, 2).Draw(t, "bad") == 0}
		kind := rapid.SampledFrom([]string{"write", "write", "write", "delete", "move", "truncate"}).Draw(t, "kind")
		to := id%4 + 1
		_, taken := h.all[to]
		switch {
		case kind == "truncate" && rapid.Bool().Draw(t, "really"):
			changes = append(changes, h.truncate())
			clear(h.all)
		case !there:
			changes = append(changes, h.written(sdk.Insert, id, id, now, false))
		case kind == "delete":
			changes = append(changes, h.remove(id))
			delete(h.all, id)
		case kind == "move" && !taken:
			row["id"] = to
			changes = append(changes, change{op: sdk.Delete, row: map[string]any{"id": id}}, h.written(sdk.Insert, id, to, now, masked))
		default:
			changes = append(changes, h.written(sdk.Update, id, id, now, masked))
		}
	}
	h.clock += 1_000_000
	h.transaction(changes...)
}

// begin is what a snapshot shows: all rows whole, but the bad ones.
func (h *hiding) begin() {
	clear(h.rows)
	for id, now := range h.all {
		if !now.bad {
			h.rows[id] = now.row
		}
	}
}

func (h *hiding) read(ctx context.Context, _ sdk.Config, req sdk.ReadRequest, out *output) error {
	var from, until followedCursor
	_ = json.Unmarshal(req.Until, &until)
	var sent []map[string]any
	var bad []sdk.BadRow
	place := func(position string) map[string]any {
		return map[string]any{sdk.PositionColumn: position, sdk.CommittedAtColumn: h.clock}
	}
	if len(req.Cursor[""]) == 0 {
		from.LSN = until.LSN
		sent = append(sent, place(spelledPosition(until.LSN, 1_000_000)))
		sent[0][sdk.OpColumn] = sdk.Truncate
		for _, id := range slices.Sorted(maps.Keys(h.all)) {
			if h.all[id].bad {
				bad = append(bad, sdk.BadRow{Raw: "{}", Reason: "bad", Source: "t", Position: fmt.Sprint("key id=", id)})
				continue
			}
			row := place(spelledPosition(until.LSN, 1_000_000+len(sent)))
			maps.Copy(row, h.all[id].row)
			row[sdk.OpColumn] = sdk.Insert
			sent = append(sent, row)
		}
	} else if err := json.Unmarshal(req.Cursor[""], &from); err != nil {
		return err
	}
	for _, c := range h.log {
		switch {
		case c.lsn <= from.LSN || c.lsn > until.LSN:
			continue
		case c.bad:
			bad = append(bad, sdk.BadRow{Raw: "{}", Reason: "bad", Source: "t", Position: fmt.Sprint("key id=", c.row["id"])})
			if c.op == sdk.Update {
				c.op, c.row, c.masked = sdk.Delete, map[string]any{"id": c.row["id"]}, nil
				sent = append(sent, c.sent())
			}
		default:
			sent = append(sent, c.sent())
		}
	}
	if err := out.Bad(ctx, bad); err != nil {
		return err
	}
	if err := out.send(ctx, req.Columns, sent, 3); err != nil {
		return err
	}
	return out.Checkpoint(ctx, "", cursorAt(until.LSN))
}

// TestRowsThatAreAbsent follows a table of which some rows can't be represented, at random: such rows are out of the lakehouse
// until a change tells all of them, or the source is read anew; no row ever has a value that it hasn't at the source.
func TestRowsThatAreAbsent(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := newHiding()
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", followedSource+everyWay)
		for round := range rapid.IntRange(2, 4).Draw(rt, "rounds") {
			for range rapid.IntRange(1, 4).Draw(rt, "transactions") {
				table.draw(rt)
			}
			options := planner.Options{}
			if round > 0 && rapid.IntRange(0, 4).Draw(rt, "anew") == 0 {
				options.Resnapshot = []string{"table.bronze.log", "table.bronze.now", "table.bronze.soft", "table.bronze.past"}
			}
			if round == 0 || options.Resnapshot != nil {
				table.begin()
			}
			if _, _, diags := p.tryApply(options); diags.HasErrors() {
				rt.Fatalf("applying: %s", spelled(diags))
			}
			compareFollowed(p, table.followed)
		}
		recomputed(rt, p)
	})
}

// TestPartsOfAbsentRows tells, in a change of a row that the table doesn't have, only a part of the row.
func TestPartsOfAbsentRows(t *testing.T) {
	table := newHiding()
	p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
	p.write("shop.etl.hcl", followedSource+everyWay)
	row := func(id int64, v int64) map[string]any { return map[string]any{"id": id, "a": "long", "v": v} }
	table.transaction(table.written(sdk.Insert, 7, 7, found{row(7, 1), true}, false), table.written(sdk.Insert, 8, 8, found{row(8, 1), false}, false))
	p.apply()
	table.transaction(table.written(sdk.Update, 7, 7, found{row(7, 2), false}, true), table.written(sdk.Update, 8, 8, found{row(8, 2), true}, true))
	p.apply()
	table.transaction(table.written(sdk.Update, 8, 8, found{row(8, 1), false}, true))
	p.apply()
	compareFollowed(p, table.followed)
	p.same("SELECT id FROM bronze.now")
	for _, name := range []string{"log", "now", "soft", "past"} {
		p.same("SELECT raw, source, position FROM bronze."+name+"__quarantine WHERE reason LIKE '%(a)%the table doesn''t have the row%-resnapshot=table.bronze."+name+"`'",
			`{"id":7,"v":2}|t|id=7, update at 0000000000000002/0000000000`, `{"id":8,"v":1}|t|id=8, update at 0000000000000003/0000000000`)
	}
	table.transaction(table.written(sdk.Update, 7, 7, found{row(7, 1), false}, false), table.written(sdk.Update, 7, 7, found{row(7, 2), false}, true))
	p.apply()
	compareFollowed(p, table.followed)
	p.same("SELECT id, v FROM bronze.now", "7|2")
	p.write("shop.etl.hcl", strings.Replace(followedSource+everyWay, "  from = source.script.t\n", "  from = source.script.t\n  max_bad_rows = 0\n", 3))
	table.transaction(table.written(sdk.Update, 8, 8, found{row(8, 1), false}, true))
	if _, _, diags := p.tryApply(planner.Options{}); !strings.Contains(spelled(diags), "Too many bad rows") {
		t.Errorf("said %s", spelled(diags))
	}
}

// TestNothingOutlivesATruncate leaves out values of a row that was there before a truncate and is not since: what it was then
// is not what it is.
func TestNothingOutlivesATruncate(t *testing.T) {
	for name, anew := range map[string]bool{"truncate": false, "snapshot": true} {
		for together := range 2 {
			t.Run(fmt.Sprint(name, together), func(t *testing.T) {
				table := newHiding()
				p := &project{failer: t, dir: t.TempDir(), compute: compute(t), script: &script{streams: map[string]stream{"t": table}}}
				p.write("shop.etl.hcl", followedSource+everyWay)
				now := func(a string, v int64, bad bool) found {
					return found{map[string]any{"id": int64(7), "a": a, "v": v}, bad}
				}
				table.transaction(table.written(sdk.Insert, 7, 7, now("old", 1, false), false))
				p.apply()
				again := []change{table.truncate(), table.written(sdk.Insert, 7, 7, now("new", 1, true), false)}
				part := table.written(sdk.Update, 7, 7, now("new", 2, false), true)
				options := planner.Options{}
				switch {
				case anew:
					table.all[7] = now("new", 1, true)
					options.Resnapshot = []string{"table.bronze.log", "table.bronze.now", "table.bronze.soft", "table.bronze.past"}
					table.transaction(again...)
				case together == 1:
					table.transaction(append(again, part)...)
				default:
					table.transaction(again...)
				}
				if _, _, diags := p.tryApply(options); diags.HasErrors() {
					t.Fatal(spelled(diags))
				}
				if anew || together == 0 {
					table.transaction(part)
					p.apply()
				}
				compareFollowed(p, table.followed)
				p.same("SELECT id FROM bronze.now")
			})
		}
	}
}
