package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// shop is a plan with every action in it.
func shop() *plan.Plan {
	return &plan.Plan{
		FormatVersion: plan.FormatVersion,
		Project:       "shop",
		Lakehouse:     plan.Lakehouse{Catalog: ".etl/catalog.db", Warehouse: "warehouse"},
		ConfigHash:    "4f1c",
		Tables: []plan.Table{
			{
				Address: "table.bronze.orders", Ident: addr.Ident{Namespace: "bronze", Name: "orders"}, Action: plan.Refresh,
				Reasons:  []plan.Reason{{Kind: "data", Text: "public.orders has rows after updated_at 2026-11-22 18:04:11Z"}},
				Reads:    plan.Estimate{Rows: 12104, Bytes: 2_000_000, AtLeast: true},
				Position: "up to 2026-11-23 02:10:00Z", Compute: "load", From: []string{"source.postgres.orders"},
				Creates: []string{"replication slot etl_shop_orders", "publication etl_shop_orders"},
				Work:    json.RawMessage(`{"secret": "kept for apply"}`),
			},
			{
				Address: "table.bronze.returns", Ident: addr.Ident{Namespace: "bronze", Name: "returns"}, Action: plan.None,
				Warnings: []string{"data/returns-03.csv was read and has changed since: its rows stay as they were read."},
			},
			{
				Address: "table.gold.daily_sales", Ident: addr.Ident{Namespace: "gold", Name: "daily_sales"}, Action: plan.Refresh,
				Reasons: []plan.Reason{{Kind: "upstream", Text: "table.silver.orders is rebuilt"}},
				Compute: "full", Why: "an aggregate over a rebuilt input", Reads: plan.Estimate{Rows: 4_900_000, Bytes: 390_000_000},
			},
			{
				Address: "table.gold.old_report", Ident: addr.Ident{Namespace: "gold", Name: "old_report"}, Action: plan.Drop,
				Category: plan.Destructive, Reasons: []plan.Reason{{Kind: "own", Text: "it is no longer declared"}},
				Reads: plan.Estimate{Rows: 10}, Releases: []string{"replication slot etl_shop_report"},
			},
			{
				Address: `table.gold.regions["eu"]`, Ident: addr.Ident{Namespace: "gold", Name: "regions_eu"}, Action: plan.Evolve,
				Category: plan.Metadata, Reasons: []plan.Reason{{Kind: "own", Text: "its documentation changed"}}, Compute: "metadata",
				Changes: []plan.Change{{Path: "column.revenue.doc", Old: "Sum", New: "Sum of paid amounts in USD"}, {Path: "tags.owner", New: "sales"}},
			},
			{
				Address: "table.silver.customers", Ident: addr.Ident{Namespace: "silver", Name: "customers"}, Action: plan.Create,
				Category: plan.Additive, From: []string{"table.bronze.customers"},
				Schema: coltype.Schema{
					{ID: 1, Name: "id", Type: coltype.Type{Kind: coltype.Long}, Required: true},
					{ID: 2, Name: "name & <title>", Type: coltype.Type{Kind: coltype.String}, Doc: "As the shop spells it"},
				},
				Partition: []state.PartitionField{{Column: "id", Transform: "bucket[16]"}},
				Reads:     plan.Estimate{Rows: 1_200_000, Bytes: 84_000_000}, Writes: plan.Estimate{Rows: -1, Bytes: -1},
				Checks: []string{"quarantine valid email", "fail known country"},
			},
			{
				Address: "table.silver.orders", Ident: addr.Ident{Namespace: "silver", Name: "orders"}, Action: plan.Rebuild,
				Category: plan.Breaking, Reasons: []plan.Reason{{Kind: "own", Text: "the step derive changed what existing rows hold"}},
				Changes: []plan.Change{
					{Path: "steps[1].derive.amount", Old: "cast(amount, decimal(10, 2))", New: "cast(amount, decimal(12, 2))"},
					{Path: "steps[2].filter.where", Old: `amount > 0`},
					{
						Path: "sql",
						Old:  "SELECT order_date, size, count(*) AS orders, sum(amount) AS revenue FROM silver.orders WHERE amount > 0 GROUP BY order_date, size",
						New:  "SELECT order_date, size, count(*) AS orders, sum(amount) AS revenue FROM silver.orders WHERE amount > 10 GROUP BY order_date, size",
					},
				},
				Columns: []plan.Change{{Path: "amount", Old: "decimal(10, 2)", New: "decimal(12, 2)"}, {Path: "note", New: "string"}, {Path: "legacy", Old: "long"}},
				Reads:   plan.Estimate{Rows: 5_100_000, Bytes: 410_000_000}, Writes: plan.Estimate{Rows: 4_900_000},
				ReadBy: []string{"table.gold.daily_sales (revenue)"}, Compute: "full",
			},
		},
		Summary: plan.Summary{
			Create: 1, Evolve: 1, Rebuild: 1, Refresh: 2, Drop: 1, Unchanged: 14, Breaking: 1, Destructive: 1,
			Reads: plan.Estimate{Rows: 11_212_104, Bytes: 886_000_000},
		},
		Warnings: []plan.Message{{
			Address: "table.bronze.orders", Summary: "No index on the cursor",
			Detail: "public.orders has no index on updated_at, so each refresh reads the whole table. Create one: CREATE INDEX ON public.orders (updated_at).",
		}},
	}
}

func draw(t *testing.T, p *plan.Plan, format string, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Plan(&b, p, format, opt); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPlanGolden(t *testing.T) {
	idle := &plan.Plan{FormatVersion: 1, Project: "shop", Tables: []plan.Table{{Address: "table.bronze.a", Action: plan.None}}}
	checked := &plan.Plan{FormatVersion: 1, Project: "shop", Tables: []plan.Table{{Address: "table.bronze.a", Action: plan.None}, {
		Address: "table.silver.orders", Action: plan.None, Checks: []string{"fail known customer"},
		Reasons: []plan.Reason{{Kind: "check", Text: `table.silver.customers, which the check "known customer" reads, changed`}},
	}}}
	for name, test := range map[string]struct {
		plan   *plan.Plan
		format string
		opt    Options
	}{
		"plan.txt":         {shop(), FormatText, Options{}},
		"plan_colour.txt":  {shop(), FormatText, Options{Color: true}},
		"plan_narrow.txt":  {shop(), FormatText, Options{Width: 60}},
		"plan.json":        {shop(), FormatJSON, Options{}},
		"plan.md":          {shop(), FormatMarkdown, Options{}},
		"plan.html":        {shop(), FormatHTML, Options{}},
		"plan_nothing.txt": {idle, FormatText, Options{}},
		"plan_checked.txt": {checked, FormatText, Options{}},
		"plan_nothing.md":  {idle, FormatMarkdown, Options{}},
	} {
		t.Run(name, func(t *testing.T) { golden(t, name, draw(t, test.plan, test.format, test.opt)) })
	}
}

func TestPlanNeverShowsWork(t *testing.T) {
	for _, format := range []string{FormatText, FormatJSON, FormatMarkdown, FormatHTML} {
		if out := draw(t, shop(), format, Options{}); bytes.Contains(out, []byte("kept for apply")) {
			t.Errorf("%s shows the work of apply", format)
		}
	}
}

func TestPlanHidesSecrets(t *testing.T) {
	p := shop()
	p.Tables[0].Position = "1 new file: hunter2/orders.csv"
	p.Tables[0].Reads.Rows = 12
	for _, format := range []string{FormatText, FormatJSON, FormatMarkdown, FormatHTML} {
		out := string(draw(t, p, format, Options{Sensitive: []string{"hunter2", "12"}}))
		if strings.Contains(out, "hunter2") || !strings.Contains(out, "(sensitive)/orders.csv") {
			t.Errorf("%s shows the secret, or nothing in its place", format)
		}
	}
	var back plan.Plan
	if err := json.Unmarshal(draw(t, p, FormatJSON, Options{Sensitive: []string{"12", "create"}}), &back); err != nil {
		t.Errorf("a short secret breaks the document: %v", err)
	}
	if p.Tables[0].Position != "1 new file: hunter2/orders.csv" {
		t.Error("the plan itself is changed")
	}
}

func TestPlanLeavesItsValueAlone(t *testing.T) {
	p := shop()
	for _, format := range []string{FormatText, FormatJSON, FormatMarkdown, FormatHTML} {
		draw(t, p, format, Options{})
	}
	if !reflect.DeepEqual(p, shop()) {
		t.Error("drawing changed the plan, which apply walks afterwards")
	}
}

func TestPlanJSONIsThePlan(t *testing.T) {
	var back plan.Plan
	if err := json.Unmarshal(draw(t, shop(), FormatJSON, Options{}), &back); err != nil {
		t.Fatal(err)
	}
	want := shop()
	want.Tables[0].Work = nil
	if !reflect.DeepEqual(&back, want) {
		t.Errorf("read back:\n%+v\nwant:\n%+v", &back, want)
	}
}

func TestPlanRefusesUnknownFormats(t *testing.T) {
	err := Plan(&bytes.Buffer{}, shop(), "yaml", Options{})
	if err == nil || !strings.Contains(err.Error(), "text, json, markdown and html") {
		t.Errorf("got %v", err)
	}
}

func TestMarkdownFitsAComment(t *testing.T) {
	p := shop()
	template := p.Tables[6]
	for i := range 3000 {
		table := template
		table.Address = fmt.Sprintf("table.silver.größe_%04d", i)
		table.Category = plan.Additive
		p.Tables = append(p.Tables, table)
	}
	huge := template
	huge.Address = "table.silver.huge"
	huge.Changes = []plan.Change{{Path: "sql", Old: strings.Repeat("``` ünï ", 40_000), New: strings.Repeat("😀 ", 40_000)}}
	p.Tables = append([]plan.Table{huge}, p.Tables...)
	out := string(draw(t, p, FormatMarkdown, Options{}))
	if len(out) > commentLimit {
		t.Errorf("%d bytes, more than a comment holds", len(out))
	}
	if len(out) < commentLimit*3/4 {
		t.Errorf("only %d bytes of a possible %d are used", len(out), commentLimit)
	}
	for _, want := range []string{"Truncated", "table.silver.orders", "table.gold.old_report", "table.silver.huge"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing: what can hurt comes first", want)
		}
	}
	if !utf8.ValidString(out) {
		t.Error("a character is cut in half")
	}
	if strings.Count(out, "<details") != strings.Count(out, "</details>") {
		t.Error("a fold is not closed")
	}
}

func TestHostileNamesAreHarmless(t *testing.T) {
	p := shop()
	p.Tables[0].Reasons[0].Text = "\x1b[2J<script>alert(1)</script>\u202Egnp"
	text := string(draw(t, p, FormatText, Options{}))
	if strings.ContainsAny(text, "\x1b\u202E") {
		t.Error("a control character reaches the terminal")
	}
	if strings.Contains(string(draw(t, p, FormatHTML, Options{})), "<script>") {
		t.Error("markup of a value is live in the page")
	}
}

func TestHTMLNeedsNothingElse(t *testing.T) {
	page := string(draw(t, shop(), FormatHTML, Options{}))
	for _, outside := range []string{"http://", "https://", "src=", "@import", "url(", "<script", "<link"} {
		if strings.Contains(page, outside) {
			t.Errorf("the page has %q", outside)
		}
	}
}
