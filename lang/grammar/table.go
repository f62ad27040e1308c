package grammar

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

func table() schema.Block {
	return schema.Block{
		Doc: "A table: what it is computed from, by which steps or SQL, how it is written, and what must hold of it.",
		Attributes: []schema.Attribute{
			of("for_each", ForEach, "One table for each element: each.key, each.value."),
			of("from", Address, "The source (in bronze) or table that it is computed from."),
			of("sql", SQL, "A query instead of from and steps."),
			value("doc", schema.Attribute{Type: cty.String, Cosmetic: true, Doc: "What the table holds."}),
			value("tags", schema.Attribute{Type: cty.Map(cty.String), Cosmetic: true, Doc: "Labels for catalogs and people."}),
			of("partition_by", Transforms, "How the files are partitioned: [month(order_date), bucket(16, id), region]."),
			of("sort_by", SortKeys, "How rows are sorted within files: [order_date, desc(id)]."),
			value("on_schema_change", schema.Attribute{
				Type: cty.String, OneOf: []string{"evolve", "freeze", "ignore"}, Default: cty.StringVal("evolve"),
				Doc: "What happens when the input has other columns than before.",
			}),
			value("refresh", schema.Attribute{Type: cty.String, OneOf: []string{"always"}, Doc: "\"always\" recomputes the table even without new data."}),
			value("max_bad_rows", schema.Attribute{Type: cty.Number, Default: cty.NumberIntVal(1000), Doc: "How many bad rows a run may have before it fails."}),
			value("retention", schema.Attribute{Type: cty.String, Doc: "Not supported yet."}),
			of("retention_by", schema.Column, "Not supported yet."),
			value("snapshot_retention", schema.Attribute{Type: cty.String, Doc: "Not supported yet."}),
		},
		Blocks: append(steps(), parts()...),
	}
}

// Step says whether a block of a table is a step, and whether this version knows it.
func Step(name string) (known, later bool) {
	switch name {
	case "filter", "derive", "select", "rename", "cast", "dedupe", "join", "union", "unnest", "aggregate", "window", "session", "sort":
		return true, false
	case "extract", "classify", "embed", "ask":
		return false, true
	}
	return false, false
}

// Actions are what an expect block may do with rows that fail it.
func Actions() []string { return []string{"warn", "drop", "quarantine", "fail"} }

// Modes are the ways to write a table.
func Modes() []string { return []string{"replace", "append", "merge", "history", "partitions"} }

// Joins are the kinds of joins.
func Joins() []string { return []string{"inner", "left", "full", "semi", "anti"} }

func parts() []schema.NestedBlock {
	return []schema.NestedBlock{
		{Name: "write", Labels: []string{"mode"}, Max: 1, Block: schema.Block{
			Doc: "How rows are written: replace, append, merge, history or partitions.",
			Attributes: []schema.Attribute{
				of("key", schema.Columns, "merge, history: the columns that identify a row."),
				of("by", schema.Columns, "partitions: the columns whose values are recomputed when new rows touch them."),
				value("lookback", schema.Attribute{Type: cty.String, Doc: "partitions: how far before them to recompute too, as in \"3d\"."}),
				value("deletes", schema.Attribute{
					Type: cty.String, OneOf: []string{"hard", "soft"}, Default: cty.StringVal("hard"),
					Doc: "merge: what a row does that was deleted at the source: \"hard\", it goes; \"soft\", it stays, and _etl_deleted is true.",
				}),
				of("valid_from", schema.Column, "history: the column that says since when a version holds; otherwise when the change was committed, or loaded."),
			},
		}},
		{Name: "expect", Labels: []string{"action", "name"}, Block: schema.Block{
			Doc: "A check. The action for rows that fail is warn, drop, quarantine or fail; exactly one kind of check stands in it.",
			Attributes: []schema.Attribute{
				of("that", schema.Expression, "True for each good row."),
				of("unique", schema.Columns, "No two rows have the same values here."),
				of("not_null", schema.Columns, "None of these is null."),
				of("references", References, "Every value is found in the other table's column: { customer_id = table.silver.customers.id }."),
				of("table", schema.Expression, "An aggregate over the whole table that must be true."),
				of("model", Address, "Not supported yet."),
				of("anomaly", schema.Columns, "Not supported yet."),
			},
		}},
		{Name: "column", Labels: []string{"name"}, Block: schema.Block{
			Doc: "Documentation of a column, and what it must be.",
			Attributes: []schema.Attribute{
				value("doc", schema.Attribute{Type: cty.String, Cosmetic: true, Doc: "What the column holds."}),
				of("type", ColumnType, "The type that it must have."),
				value("required", schema.Attribute{Type: cty.Bool, Doc: "It must hold no nulls."}),
				value("tags", schema.Attribute{Type: cty.Map(cty.String), Cosmetic: true, Doc: "Labels for catalogs and people."}),
			},
		}},
		{Name: "lifecycle", Max: 1, Block: schema.Block{
			Doc: "Rules for changes of the table itself.",
			Attributes: []schema.Attribute{
				value("prevent_destroy", schema.Attribute{Type: cty.Bool, Doc: "A plan that would drop or rebuild the table is refused."}),
			},
		}},
	}
}
