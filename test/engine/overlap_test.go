package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// cursored is a table whose rows are read by a cursor, some of them again and again.
type cursored struct {
	columns coltype.Schema
	rows    []map[string]any
	fail    error // of the next read, after its rows
}

type cursorState struct {
	Version int
	At      int64
}

func cursorOf(cursor map[string][]byte) (at int64, ok bool) {
	var state cursorState
	if len(cursor[""]) == 0 || json.Unmarshal(cursor[""], &state) != nil {
		return math.MinInt64, false
	}
	return state.At, true
}

// highest is the highest cursor that a row has.
func (c *cursored) highest(column string) int64 {
	at := int64(math.MinInt64)
	for _, row := range c.rows {
		if v, ok := row[column].(int64); ok {
			at = max(at, v)
		}
	}
	return at
}

func lookback(cfg sdk.Config) int64 {
	n, _ := cfg.Extract.GetAttr("lookback").AsBigFloat().Int64()
	return n
}

func (c *cursored) plan(cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	column := cfg.Extract.GetAttr("cursor").AsString()
	until, _ := json.Marshal(cursorState{1, c.highest(column)})
	response := &sdk.PlanResponse{Columns: c.columns, Key: []string{"id", "note"}, Resumable: true, Changed: true, Rows: int64(len(c.rows)), Bytes: -1, Until: until}
	if at, ok := cursorOf(req.Cursor); ok {
		response.Overlap = &sdk.Overlap{Column: column}
		if at != math.MinInt64 {
			response.Overlap.From = strconv.FormatInt(at-lookback(cfg), 10)
		}
	}
	return response, nil
}

func (c *cursored) read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out *output) error {
	if req.KeysOnly {
		return out.send(ctx, req.Columns, c.rows, 3)
	}
	column := cfg.Extract.GetAttr("cursor").AsString()
	at, resumed := cursorOf(req.Cursor)
	if resumed && req.Staging != nil {
		return fmt.Errorf("finished files were asked for")
	}
	until, _ := cursorOf(map[string][]byte{"": req.Until})
	var sent []map[string]any
	for _, row := range c.rows {
		v, ok := row[column].(int64)
		if !ok || v <= until && (!resumed || at == math.MinInt64 || v >= at-lookback(cfg)) {
			sent = append(sent, row)
		}
	}
	var bad []sdk.BadRow
	sent = slices.DeleteFunc(sent, func(row map[string]any) bool {
		if row["note"] == "bad" {
			bad = append(bad, sdk.BadRow{Raw: fmt.Sprint(row["u"]), Reason: "bad", Source: "t", Position: fmt.Sprint("key id=", row["id"])})
		}
		return row["note"] == "bad"
	})
	if err := errors.Join(out.send(ctx, req.Columns, sent, 3), out.Bad(ctx, bad)); err != nil {
		return err
	}
	if c.fail != nil {
		err := c.fail
		c.fail = nil
		return err
	}
	text, _ := json.Marshal(cursorState{1, max(at, until)})
	return out.Checkpoint(ctx, "", text)
}

func cursoredColumns() coltype.Schema {
	return coltype.Schema{
		{Name: "id", Type: coltype.Of(coltype.Long)}, {Name: "u", Type: coltype.Of(coltype.Long)},
		{Name: "x", Type: coltype.Of(coltype.Double)}, {Name: "note", Type: coltype.Of(coltype.String)},
		{Name: "words", Type: coltype.ListOf(coltype.Of(coltype.String))},
	}
}

// drawArrival is a row whose cursor lies at most the lookback before the highest that was read.
func drawArrival(t *rapid.T, high int64) map[string]any {
	row := map[string]any{"id": rapid.Int64Range(1, 3).Draw(t, "id")}
	if rapid.IntRange(0, 4).Draw(t, "null cursor") > 0 {
		row["u"] = high + rapid.Int64Range(-2, 3).Draw(t, "u")
	}
	if rapid.Bool().Draw(t, "has x") {
		row["x"] = rapid.SampledFrom([]float64{1.5, math.NaN(), math.Inf(1)}).Draw(t, "x")
	}
	if rapid.Bool().Draw(t, "has a note") {
		row["note"] = rapid.SampledFrom([]string{"", "a"}).Draw(t, "note")
	}
	if rapid.Bool().Draw(t, "has words") {
		row["words"] = rapid.SampledFrom([][]string{{}, {"p"}, {"p", "q"}}).Draw(t, "words")
	}
	return row
}

// TestRowsSentAgain reads a table by a cursor, with equal cursors, late rows, rows without a cursor, and rows that are equal
// altogether: each is in the table as often as at the source.
func TestRowsSentAgain(t *testing.T) {
	engine := compute(t)
	rapid.Check(t, func(rt *rapid.T) {
		table := &cursored{columns: cursoredColumns()}
		p := &project{failer: rt, dir: t.TempDir(), compute: engine, script: &script{streams: map[string]stream{"t": table}}}
		p.write("shop.etl.hcl", `
source "script" "t" {
  table = "t"
  extract "incremental" {
    cursor   = u
    lookback = 2
  }
}
table "bronze" "t" { from = source.script.t }
`)
		read := int64(10)
		for range rapid.IntRange(2, 5).Draw(rt, "rounds") {
			for range rapid.IntRange(0, 5).Draw(rt, "arrivals") {
				table.rows = append(table.rows, drawArrival(rt, read))
			}
			if rapid.IntRange(0, 4).Draw(rt, "fails") == 0 {
				table.fail = fmt.Errorf("the connection broke")
				if _, _, diags := p.tryApply(planner.Options{}); !diags.HasErrors() {
					rt.Fatalf("a read failed and nothing was said")
				}
				continue
			}
			p.apply()
			read = max(read, table.highest("u"))
			p.same("SELECT id, u, x, note, words FROM bronze.t", spelledRows(table.rows)...)
		}
	})
}

// spelledRows are rows as queries show them.
func spelledRows(rows []map[string]any) []string {
	var lines []string
	for _, row := range rows {
		line := fmt.Sprintf("%v|%v|%s|%v|", row["id"], or(row["u"], "null"), spelledFloat(row["x"]), or(row["note"], "null"))
		if words, ok := row["words"].([]string); ok {
			text, _ := json.Marshal(words)
			line += string(text)
		} else {
			line += "null"
		}
		lines = append(lines, line)
	}
	sort.Strings(lines)
	return slices.Clip(lines)
}

func or(v, other any) any {
	if v == nil {
		return other
	}
	return v
}

func spelledFloat(v any) string {
	f, ok := v.(float64)
	switch {
	case !ok:
		return "null"
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
