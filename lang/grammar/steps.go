package grammar

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

func step(name, doc string, attributes ...schema.Attribute) schema.NestedBlock {
	return schema.NestedBlock{Name: name, Block: schema.Block{Doc: doc, Attributes: attributes}}
}

func steps() []schema.NestedBlock {
	join := step("join", "Joins the rows with another table: inner, left, full, semi or anti.",
		required(of("with", Address, "The table to join with.")),
		of("as", Name, "What to call it in expressions; the table's name by default."),
		required(of("on", schema.Expression, "When two rows belong together.")),
		of("columns", Assignments, "What to add of the other table: { origin_name = o.name }."))
	join.Labels = []string{"kind"}
	return []schema.NestedBlock{
		step("filter", "Keeps the rows for which a condition is true.",
			required(of("where", schema.Expression, "The condition."))),
		step("derive", "Adds or replaces columns; all expressions see the step's input.",
			of(Free, schema.Expression, "The new column's value.")),
		step("select", "Keeps columns in the given order, or all but some.",
			of("columns", schema.Columns, "The columns to keep."),
			of("except", schema.Columns, "The columns to leave out.")),
		step("rename", "Renames columns: new = old.",
			of(Free, schema.Column, "The column's old name.")),
		step("cast", "Converts columns in place.",
			of(Free, ColumnType, "The column's new type.")),
		step("dedupe", "Keeps one row for each key.",
			required(of("key", Expressions, "What makes rows the same.")),
			of("keep", Keep, "Which row stays: latest(updated_at) or earliest(updated_at). Ties fall to all columns.")),
		join,
		step("union", "Appends the rows of other tables, matched by column name.",
			required(of("with", Addresses, "The tables."))),
		step("unnest", "Makes a row of each element of a list.",
			required(of("column", schema.Column, "The list.")),
			of("as", Name, "What to call the element; the list's name by default.")),
		step("aggregate", "Groups rows; every other attribute is a column of the result.",
			of("by", Groups, "The columns to group by, or { month = date_trunc(\"month\", x) }."),
			of(Free, schema.Expression, "An aggregate.")),
		step("window", "Adds columns computed over neighbouring rows.",
			of("by", Expressions, "Rows with the same values here are neighbours."),
			of("order", SortKeys, "Their order."),
			required(of("columns", Assignments, "The new columns: { previous = lag(departed_at) }."))),
		step("session", "Numbers runs of rows with no long gap between them.",
			of("by", Expressions, "Whose rows: [user_id]."),
			required(of("at", schema.Expression, "When the row happened.")),
			required(value("gap", schema.Attribute{Type: cty.String, Doc: "The longest gap within a session, as in \"30m\"."})),
			required(of("as", Name, "The column for the session's id."))),
		step("sort", "Orders the rows as they are written.",
			required(of("by", SortKeys, "The keys: [order_date, desc(id)]."))),
		step("extract", "Extracts fields by a language model. Not supported yet."),
		step("classify", "Classifies by a language model. Not supported yet."),
		step("embed", "Computes embeddings. Not supported yet."),
		step("ask", "Asks a language model. Not supported yet."),
	}
}
