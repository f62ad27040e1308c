package postgres

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/quantity"
)

// increment is an extract block of mode incremental.
type increment struct {
	cursor    string
	key       []string
	lookback  string
	batchSize int
}

func decodeIncrement(extract cty.Value) (increment, sdk.Diagnostics) {
	i := increment{
		cursor: attribute.Text(extract, "cursor", ""), key: attribute.Texts(extract, "key", nil),
		lookback: attribute.Text(extract, "lookback", ""), batchSize: int(attribute.Number(extract, "batch_size", 0)),
	}
	if i.batchSize < 0 {
		return i, sdk.Diagnostics{sdk.Error("Invalid batch size", "The batch_size is a number of rows, at least 1.", "extract", "batch_size")}
	}
	return i, nil
}

// cursorColumn is the column by which a source is read on.
type cursorColumn struct {
	sourceField
	nullable bool
	lookback string // what is subtracted in the server's SQL; empty where nothing is
}

// cursor looks the cursor and the key up.
func (s *source) cursor() (cursorColumn, sdk.Diagnostics) {
	var diags sdk.Diagnostics
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	missing := func(name, path string) {
		if !slices.Contains(names, name) {
			diags = append(diags, sdk.Error("Unknown column", fmt.Sprintf("%s has no column %q.%s", s.name(), name, suggestion(name, names)), "extract", path))
		}
	}
	missing(s.increment.cursor, "cursor")
	for _, name := range s.increment.key {
		missing(name, "key")
	}
	if diags != nil {
		return cursorColumn{}, diags
	}
	field := s.fields[slices.Index(names, s.increment.cursor)]
	c := cursorColumn{sourceField: field, nullable: !field.required}
	diags = append(diags, c.check(s)...)
	c.lookback, diags = c.parseLookback(s.increment.lookback, diags)
	return c, diags
}

// check refuses types whose order in the database and in the lakehouse are not the same.
func (c *cursorColumn) check(s *source) sdk.Diagnostics {
	declared, isDeclared := s.types[c.name]
	switch c.shape.Base {
	case "int2", "int4", "int8", "date", "timestamp", "timestamptz", "uuid", "text", "varchar", "bpchar", "name":
		if isDeclared && !declared.Equal(c.shape.Natural) {
			return sdk.Diagnostics{sdk.Error("Type of the cursor", fmt.Sprintf("The column %q is the cursor and must keep its own type, %s. Remove it from types; a table that "+
				"reads this one can cast it.", c.name, c.shape.Natural), "types", c.name)}
		}
		return nil
	case "numeric":
		if t := s.natural(); t[t.Index(c.name)].Type.Kind == coltype.Decimal {
			return nil
		}
		return sdk.Diagnostics{sdk.Error("Type of the cursor", fmt.Sprintf("The column %q is the cursor, and nothing says how many digits its numbers have. Declare it: "+
			"types = { %s = decimal(38, 0) }.", c.name, c.name), "extract", "cursor")}
	}
	return sdk.Diagnostics{sdk.Error("Column that can't be a cursor", fmt.Sprintf("The column %q can't be the cursor. A cursor is a timestamp, a date, a whole or decimal number, a "+
		"uuid or a text that grows.", c.name), "extract", "cursor")}
}

// parseLookback turns the lookback into what is subtracted from a value.
func (c *cursorColumn) parseLookback(text string, diags sdk.Diagnostics) (string, sdk.Diagnostics) {
	if text == "" || diags.HasErrors() {
		return "", diags
	}
	switch c.shape.Base {
	case "date", "timestamp", "timestamptz":
		length, ok := quantity.Span(text)
		if !ok {
			return "", append(diags, sdk.Error("Invalid lookback", fmt.Sprintf("The cursor %q is a time, and %q is no length of time such as \"5m\" or \"2d\".",
				c.name, text), "extract", "lookback"))
		}
		return fmt.Sprintf(" - %d * interval '1 microsecond'", length.Microseconds()), diags
	case "int2", "int4", "int8", "numeric":
		n, ok := new(big.Rat).SetString(text)
		if !ok || n.Sign() < 0 || strings.ContainsAny(text, "/eExX_") {
			return "", append(diags, sdk.Error("Invalid lookback", fmt.Sprintf("The cursor %q is a number, and %q is none. Write how far below the greatest value rows may still "+
				"appear, as in \"100\".", c.name, text), "extract", "lookback"))
		}
		return " - " + text + "::numeric", diags
	}
	return "", append(diags, sdk.Error("Lookback of a text", fmt.Sprintf("The cursor %q is a text or a uuid, from which nothing can be subtracted. Remove the lookback.", c.name),
		"extract", "lookback"))
}

// sql is the column as it is compared: texts byte by byte, as the lakehouse does.
func (c *cursorColumn) sql() string {
	switch c.shape.Base {
	case "text", "varchar", "bpchar", "name":
		return session.Ident(c.name) + ` COLLATE "C"`
	}
	return session.Ident(c.name)
}

// finite excludes values that no column can hold and that nothing is greater than.
func (c *cursorColumn) finite() string {
	switch c.shape.Base {
	case "date", "timestamp", "timestamptz":
		// Unlike isfinite, this has statistics for the server's estimates, and an index.
		return "(" + session.Ident(c.name) + " > '-infinity' AND " + session.Ident(c.name) + " < 'infinity')"
	case "numeric":
		return session.Ident(c.name) + "::text NOT IN ('NaN', 'Infinity', '-Infinity')"
	}
	return session.Ident(c.name) + " IS NOT NULL"
}

// literal is a value in the server's SQL.
func (c *cursorColumn) literal(value string) string {
	return session.Literal(value) + "::pg_catalog." + session.Ident(c.shape.Base)
}

// spelled is a value in the language's text of the column's type.
func (c *cursorColumn) spelled(value string) string {
	switch c.shape.Base {
	case "timestamp":
		return strings.Replace(value, " ", "T", 1)
	case "timestamptz":
		return strings.Replace(strings.TrimSuffix(value, "+00"), " ", "T", 1) + "Z"
	}
	return value
}

// words is a value for people.
func (c *cursorColumn) words(value *string) string {
	if value == nil {
		return "nothing"
	}
	if c.shape.Base == "timestamptz" {
		return strings.TrimSuffix(*value, "+00") + "Z"
	}
	return *value
}
