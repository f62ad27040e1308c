// Package grammar describes the language's own blocks as data: one description drives decoding, suggestions and the
// reference documentation.
package grammar

import "github.com/automic-etl/etl/plugins/schema"

// Kinds of attributes that only the language's own blocks have.
const (
	// Address is the address of a block: table.silver.orders.
	Address schema.AttributeKind = "address"
	// Addresses is a list of them.
	Addresses schema.AttributeKind = "addresses"
	// Expressions is a list of expressions over columns.
	Expressions schema.AttributeKind = "expressions"
	// Groups is a list of columns, or a map from a new column to an expression.
	Groups schema.AttributeKind = "groups"
	// Assignments is a map from a new column to an expression.
	Assignments schema.AttributeKind = "assignments"
	// SortKeys is a list of expressions, each bare, asc(x) or desc(x).
	SortKeys schema.AttributeKind = "sort keys"
	// Keep says which row of a key stays: latest(x), earliest(x), or a list of them.
	Keep schema.AttributeKind = "keep"
	// Transforms is a list of columns and partition transforms.
	Transforms schema.AttributeKind = "transforms"
	// References is a map from a column to the column of a table.
	References schema.AttributeKind = "references"
	// ColumnType is a type of columns: decimal(12, 2).
	ColumnType schema.AttributeKind = "column type"
	// ValueType is a type of values: list(string).
	ValueType schema.AttributeKind = "value type"
	// Name is a new name, written without quotes.
	Name schema.AttributeKind = "name"
	// Names is a list of them.
	Names schema.AttributeKind = "names"
	// SQL is a query, as a heredoc or file("q.sql").
	SQL schema.AttributeKind = "sql"
	// Any is a value of any type.
	Any schema.AttributeKind = "any"
	// ForEach is a set or map known at plan, or the address of a block whose instances are followed.
	ForEach schema.AttributeKind = "for_each"
)

// Free is the name of the attribute that stands for all names a block doesn't reserve.
const Free = "*"

func value(name string, a schema.Attribute) schema.Attribute {
	a.Name = name
	return a
}

func of(name string, kind schema.AttributeKind, doc string) schema.Attribute {
	return schema.Attribute{Name: name, Kind: kind, Doc: doc}
}

func required(a schema.Attribute) schema.Attribute {
	a.Required = true
	return a
}
