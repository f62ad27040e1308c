package compile_test

import (
	"testing"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/lang/config"
)

// BenchmarkTable compiles a table of six steps; a plan of a thousand tables does it as often.
func BenchmarkTable(b *testing.B) {
	columns := schema(b, "id", "long", "customer", "string", "amount", "decimal(12, 2)", "at", "timestamp", "tags", "list(string)")
	inputs := compile.Inputs{table("silver", "orders"): {Ident: ident("silver", "orders"), Columns: columns}}
	tab := target(table("silver", "orders"),
		&config.Filter{Header: head("filter"), Where: node(b, "amount > 0 && customer != null")},
		&config.Derive{Header: head("derive"), Columns: assign(b, `{ amount = amount * 2, size = amount > 10 ? "large" : "small", day = date(at), name = lower(trim(customer)) }`)},
		&config.Dedupe{Header: head("dedupe"), Key: nodes(b, "id"), Keep: []config.SortKey{desc(b, "at")}},
		&config.Select{Header: head("select"), Except: refs("tags")},
		&config.Aggregate{Header: head("aggregate"), By: by(b, "name", "day"), Columns: assign(b, `{ n = count(), total = sum(amount), mean = avg(amount) }`)},
		&config.SortBy{Header: head("sort"), Keys: []config.SortKey{asc(b, "day")}},
	)
	for b.Loop() {
		mustCompile(b, tab, inputs)
	}
}
