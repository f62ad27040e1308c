package engine

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/state"
)

const twoLogs = `
table "bronze" "a" { from = source.script.t }
table "bronze" "b" { from = source.script.t }
`

// called checks what a source was asked since the last time.
func (f *followed) called(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(f.calls, want) {
		t.Errorf("the source was asked %q instead of %q", f.calls, want)
	}
	f.calls = nil
}

// idle does what a run without anything to do does.
func (p *project) idle() string {
	p.Helper()
	said := ""
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		a := &apply.Applier{Project: p.now, Lakehouse: lake, Sources: p.sources(), Log: slog.New(slog.DiscardHandler)}
		said = spelled(a.Acknowledge(ctx))
	})
	return said
}

// TestSourceIsTold follows a source from two tables: it is prepared before it is read, and told what both have committed.
func TestSourceIsTold(t *testing.T) {
	p, table := followedProject(t, twoLogs)
	table.transaction(table.insert(1, "x", int64(1)))
	planned := p.plan()
	if got := p.table(planned, "table.bronze.a").Creates; len(got) != 1 || got[0] != "replication slot etl_shop_t" {
		t.Errorf("the plan creates %q", got)
	}
	table.called(t)
	p.apply()
	table.called(t, "prepare", "prepare", "acknowledge 1")
	table.transaction(table.insert(2, "y", int64(2)))
	only := planner.Options{Targets: []string{"table.bronze.a"}}
	if _, _, diags := p.tryApply(only); len(diags) > 0 {
		t.Fatal(spelled(diags))
	}
	table.called(t, "acknowledge 1") // the other one has read no further
	p.same("SELECT id FROM bronze.b WHERE _etl_op = 'insert'", "1")
	table.deaf = true
	if _, _, diags := p.tryApply(planner.Options{}); diags.HasErrors() || !strings.Contains(spelled(diags), "Connection lost") {
		t.Errorf("of a source that hears nothing apply says %q", spelled(diags))
	}
	table.called(t, "unheard acknowledge")
	p.same("SELECT id FROM bronze.b WHERE _etl_op = 'insert'", "1", "2")
	table.deaf = false
	p.settled()
	if said := p.idle(); said != "" {
		t.Error(said)
	}
	table.called(t, "acknowledge 2")
}

// TestSourceIsReleased drops the tables of a source one after the other.
func TestSourceIsReleased(t *testing.T) {
	tests := map[string]struct {
		rest, want string
		calls      []string
	}{
		"the block stays":      {followedSource, "", []string{"release"}},
		"the block goes":       {"", "", []string{"release"}},
		"the connection stays": {"connection \"script\" \"c\" { host = \"h\" }\n", "", []string{"release"}},
		"the connection goes":  {"", "source.script.t keeps replication slot etl_shop_t, since connection.script.c is no longer declared", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, table := followedProject(t, twoLogs)
			if strings.Contains(name, "connection") {
				p.write("shop.etl.hcl", "connection \"script\" \"c\" { host = \"h\" }\n"+strings.Replace(followedSource, "table =", "connection = connection.script.c\n  table =", 1)+twoLogs)
			}
			p.apply()
			table.calls = nil
			half, _, _ := strings.Cut(twoLogs, "table \"bronze\" \"b\"")
			whole := strings.TrimSuffix(p.read("shop.etl.hcl"), twoLogs)
			p.write("shop.etl.hcl", whole+half)
			if planned := p.apply(); len(planned.Releases) != 0 {
				t.Errorf("one of two tables goes, and so does %v", planned.Releases)
			}
			table.called(t)
			p.write("shop.etl.hcl", test.rest)
			planned, _, diags := p.tryApply(planner.Options{})
			if !strings.Contains(spelled(diags), test.want) || test.want == "" && len(diags) > 0 {
				t.Errorf("apply says %q", spelled(diags))
			}
			dropped := p.table(planned, "table.bronze.a")
			if (len(dropped.Releases) == 1) != (test.want == "") || (len(dropped.Warnings) == 0) != (test.want == "") {
				t.Errorf("the plan drops %q at the source and warns %q", dropped.Releases, dropped.Warnings)
			}
			table.called(t, test.calls...)
		})
	}
}

// TestDestroyedSource destroys a project.
func TestDestroyedSource(t *testing.T) {
	p, table := followedProject(t, twoLogs)
	p.apply()
	table.calls = nil
	if _, _, diags := p.tryApply(planner.Options{Destroy: true, Targets: []string{"table.bronze.a"}}); len(diags) > 0 {
		t.Fatal(spelled(diags))
	}
	table.called(t)
	if _, _, diags := p.tryApply(planner.Options{Destroy: true}); len(diags) > 0 {
		t.Fatal(spelled(diags))
	}
	table.called(t, "release")
}

// TestSourceOfAnotherMode stops following a source that is read on.
func TestSourceOfAnotherMode(t *testing.T) {
	p, table := followedProject(t, `table "bronze" "a" { from = source.script.t }`)
	p.apply()
	table.calls = nil
	p.write("shop.etl.hcl", strings.Replace(followedSource, "extract \"delta\" {}", "", 1)+`table "bronze" "a" { from = source.script.t }`)
	if planned := p.plan(); len(planned.Releases) != 1 || planned.Releases[0].Source != "source.script.t" {
		t.Errorf("the plan releases %v", planned.Releases)
	}
}

// TestRollbackOfFollowed returns tables to where their source can't go back to.
func TestRollbackOfFollowed(t *testing.T) {
	p, table := followedProject(t, everyWay)
	table.transaction(table.insert(1, "x", int64(1)), table.insert(2, "y", int64(2)))
	p.apply()
	table.clock += 5
	table.transaction(table.update(1, "z", int64(1), false), table.remove(2))
	p.apply()
	all := []string{"table.bronze.log", "table.bronze.now", "table.bronze.soft", "table.bronze.past"}
	for _, address := range all {
		p.rollback("bronze", strings.TrimPrefix(address, "table.bronze."), 1)
	}
	_, diags := p.tryPlan(planner.Options{})
	if !diags.HasErrors() || !strings.Contains(spelled(diags), "-resnapshot=table.bronze.log") {
		t.Errorf("after a rollback the plan says %q", spelled(diags))
	}
	table.clock += 5
	table.transaction(table.insert(3, "w", int64(1)))
	if _, _, diags := p.tryApply(planner.Options{Resnapshot: all}); diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	compareFollowed(p, table)
	p.same("SELECT id, _etl_op FROM bronze.log", "null|truncate", "1|insert", "2|insert", "null|truncate", "1|insert", "3|insert")
	p.same("SELECT id, a, _etl_op FROM bronze.soft WHERE _etl_deleted", "2|y|truncate")
	p.same("SELECT id, a FROM bronze.past WHERE NOT is_current", "1|x", "2|y")
	p.settled()
}

// TestPositionsThatComeAgain refuses a provider that sends changes twice.
func TestPositionsThatComeAgain(t *testing.T) {
	p, table := followedProject(t, everyWay)
	table.transaction(table.insert(1, "x", int64(1)))
	p.apply()
	table.transaction(table.insert(2, "x", int64(1)))
	p.apply()
	before := p.rows("SELECT * FROM bronze.log")
	table.transaction(table.insert(3, "x", int64(1)))
	table.again = true
	_, _, diags := p.tryApply(planner.Options{})
	if !strings.Contains(spelled(diags), "The provider broke the protocol") || !strings.Contains(spelled(diags), "again") {
		t.Errorf("apply says %q", spelled(diags))
	}
	p.same("SELECT * FROM bronze.log", before...)
	table.again = false
	p.apply()
	compareFollowed(p, table)
}

// TestPositionsThatStartOver reads a source anew that counts from the start again, as another server does.
func TestPositionsThatStartOver(t *testing.T) {
	p, table := followedProject(t, everyWay)
	for i := range 3 {
		table.transaction(table.insert(int64(i+1), "x", int64(1)))
	}
	p.apply()
	table.log, table.rows, table.lost = nil, map[int64]map[string]any{}, 0
	table.transaction(table.insert(1, "x", int64(1)), table.insert(4, "y", int64(2)))
	all := []string{"table.bronze.log", "table.bronze.now", "table.bronze.soft", "table.bronze.past"}
	if _, _, diags := p.tryApply(planner.Options{Resnapshot: all}); diags.HasErrors() {
		if !strings.Contains(spelled(diags), "The plan is stale") {
			t.Fatal(spelled(diags))
		}
		p.apply()
	}
	compareFollowed(p, table)
	p.settled()
}

// TestColumnsOfFollowed lets a column come at the source.
func TestColumnsOfFollowed(t *testing.T) {
	for _, mode := range []string{"evolve", "ignore", "freeze"} {
		t.Run(mode, func(t *testing.T) {
			p, table := followedProject(t, strings.ReplaceAll(everyWay[:strings.Index(everyWay, `table "silver"`)], "from = source.script.t", "from = source.script.t\n on_schema_change = \""+mode+"\"\n"))
			p.write("shop.etl.hcl", strings.ReplaceAll(p.read("shop.etl.hcl"), "{ from = source.script.t\n", "{\n from = source.script.t\n"))
			table.transaction(table.insert(1, "x", int64(1)))
			p.apply()
			table.columns = append(table.columns, coltype.Field{Name: "c", Type: coltype.Of(coltype.String)})
			changed := table.update(1, "x", int64(2), true)
			changed.row["c"] = "new"
			table.transaction(changed)
			planned, diags := p.tryPlan(planner.Options{})
			if mode == "freeze" {
				if !strings.Contains(spelled(diags), "on_schema_change = \"freeze\"") {
					t.Errorf("the plan says %q", spelled(diags))
				}
				return
			}
			if mode == "evolve" {
				p.expect(planned, "table.bronze.now", "refresh additive load")
			}
			p.apply()
			p.settled()
			sql, want := "SELECT id, a, v, c FROM bronze.", "1|x|2|new"
			if mode == "ignore" {
				sql, want = "SELECT id, a, v FROM bronze.", "1|x|2"
			}
			p.same(sql+"now", want)
			p.same(sql+"soft", want)
			p.same(sql+"past WHERE is_current", want)
			p.same(sql+"log WHERE _etl_op = 'update'", want)
		})
	}
}

// TestColumnsThatGo lets columns go at the source, with and without another that comes.
func TestColumnsThatGo(t *testing.T) {
	p, table := followedProject(t, `table "bronze" "now" {
  from = source.script.t
  write "merge" { key = [id] }
}
`)
	update := func(id int64, row map[string]any) {
		row["id"], table.rows[id] = id, row
		table.transaction(change{op: sdk.Update, row: row})
	}
	table.transaction(table.insert(1, "x", int64(1)), table.insert(2, "y", int64(2)))
	p.apply()
	without := func(names ...string) (kept coltype.Schema) {
		for _, f := range table.columns {
			if !slices.Contains(names, f.Name) {
				kept = append(kept, f)
			}
		}
		return kept
	}
	table.columns = without("v")
	update(1, map[string]any{"a": "z"})
	gone := p.plan()
	if len(gone.Warnings) > 0 || len(gone.Tables[0].Warnings) != 1 || !strings.Contains(gone.Tables[0].Warnings[0], "no longer has v") {
		t.Errorf("of a column that is gone the plan says %v %v", gone.Warnings, gone.Tables[0].Warnings)
	}
	p.apply()
	p.same("SELECT id, a, v FROM bronze.now", "1|z|null", "2|y|2")
	p.settled()

	table.columns = append(without("a"), coltype.Field{Name: "aa", Type: coltype.Of(coltype.String)})
	table.rows[2]["aa"] = "y" // which no change tells, as a server does it
	update(1, map[string]any{"aa": "w"})
	renamed := p.plan()
	if len(renamed.Warnings) != 1 || renamed.Warnings[0].Summary != "Column gone and another new" || !strings.Contains(renamed.Warnings[0].Detail, "-resnapshot=table.bronze.now") {
		t.Errorf("of a column that is renamed the plan says %v", renamed.Warnings)
	}
	p.apply()
	p.same("SELECT id, a, aa FROM bronze.now", "1|null|w", "2|y|null")
	if _, _, diags := p.tryApply(planner.Options{Resnapshot: []string{"table.bronze.now"}}); diags.HasErrors() {
		t.Fatal(spelled(diags))
	}
	p.same("SELECT id, aa FROM bronze.now", "1|w", "2|y")
	p.settled()
}

// TestReadThatNamesResnapshot: a provider doesn't know the table that it says must be read anew.
func TestReadThatNamesResnapshot(t *testing.T) {
	p, table := followedProject(t, `table "bronze" "now" { from = source.script.t }`+"\n")
	table.transaction(table.insert(1, "x", int64(1)))
	table.fail = sdk.Diagnostics{sdk.Error("Change that rows don't tell", "Begin anew with a snapshot: `etl apply -resnapshot`.", "table")}
	if _, _, diags := p.tryApply(planner.Options{}); !strings.Contains(spelled(diags), "`etl apply -resnapshot=table.bronze.now`") {
		t.Errorf("apply says %q", spelled(diags))
	}
}

// TestWrongWaysToFollow are mistakes that the plan finds.
func TestWrongWaysToFollow(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"other key":      {`table "bronze" "t" {` + "\n from = source.script.t\n write \"merge\" { key = [a] }\n}", `would not be found by "a"`},
		"required":       {"table \"bronze\" \"t\" {\n from = source.script.t\n column \"a\" { required = true }\n}", "Required column of changes"},
		"unique":         {"table \"bronze\" \"t\" {\n from = source.script.t\n expect \"fail\" \"once\" { unique = [id] }\n}", "Unique among changes"},
		"after dedupe":   {silverOfLog("dedupe { key = [id] }\n write \"merge\" { key = [id] }"), "after dedupe"},
		"aggregate":      {silverOfLog("aggregate {\n by = [id]\n n = count()\n }\n write \"merge\" { key = [id] }"), "after an aggregate"},
		"history":        {silverOfLog("unnest {\n column = a\n }\n write \"history\" { key = [id] }"), "List expected"},
		"derived key":    {silverOfLog("derive { k = v + id }\n write \"merge\" { key = [k] }"), `would not be found by "k"`},
		"replaced key":   {silverOfLog("derive { id = 1 }\n write \"merge\" { key = [id] }"), `would not be found by "id"`},
		"no time":        {silverOfLog("write \"history\" {\n key = [id]\n valid_from = a\n }"), "Version without a time"},
		"renamed column": {silverOfLog("rename { op = _etl_op }"), "Column of the engine"},
		"soft of state":  {"table \"bronze\" \"t\" {\n from = source.script.t\n write \"merge\" { key = [id] }\n}\ntable \"silver\" \"s\" {\n from = table.bronze.t\n write \"merge\" {\n key = [id]\n deletes = \"soft\"\n }\n}", "No deletes to keep"},
		"valid_to":       {silverOfLog("derive { valid_to = 1 }\n write \"history\" { key = [id] }"), `Writing adds a column "valid_to"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p, _ := followedProject(t, test.text)
			_, diags := p.tryPlan(planner.Options{})
			if !diags.HasErrors() || !strings.Contains(spelled(diags), test.want) {
				t.Errorf("the plan says %q instead of %q", spelled(diags), test.want)
			}
		})
	}
	p, _ := followedProject(t, silverOfLog("derive { k = cast(id, string) }\n select { columns = [k, v] }\n write \"merge\" { key = [k] }"))
	if planned, diags := p.tryPlan(planner.Options{}); diags.HasErrors() {
		t.Errorf("a key made of the source's is refused: %s", spelled(diags))
	} else if p.table(planned, "table.silver.s").Action != plan.Create {
		t.Error("it is not planned")
	}
}

func silverOfLog(body string) string {
	return "table \"bronze\" \"t\" { from = source.script.t }\ntable \"silver\" \"s\" {\n from = table.bronze.t\n " + body + "\n}\n"
}
