package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Rows are the first rows of a query.
type Rows struct {
	Columns coltype.Schema
	// Values are Go values by column type, see the package; lists, maps and structs come as JSON text, and what no table can
	// hold (an interval, say) as DuckDB's text, its column being a string.
	Values [][]any
	// More says that the query has further rows.
	More bool
}

// Rows computes a query and gives its first rows. It is for samples and for people: all it gives is held in memory.
func (s *Session) Rows(ctx context.Context, query string, limit int) (*Rows, error) {
	if err := s.requireSelect(ctx, query); err != nil {
		return nil, err
	}
	columns, err := s.display(ctx, query)
	if err != nil {
		return nil, err
	}
	result := &Rows{}
	transports := make([]string, len(columns))
	for i, c := range columns {
		result.Columns = append(result.Columns, c.Field)
		transports[i] = transport(fmt.Sprintf("c%d", i), c.Type)
		if c.foreign {
			transports[i] = asText(fmt.Sprintf("c%d", i))
		}
	}
	begin := "SELECT " + strings.Join(transports, ", ") + " FROM (\n"
	statement, at := copyQuery(begin, Statement(query), fmt.Sprintf("\n) AS q(%s) LIMIT %d", numbered("c", len(columns)), limit+1))
	err = s.each(ctx, statement, at, func(rows *sql.Rows) error {
		values, scanErr := scanRow(rows, result.Columns)
		if scanErr == nil {
			result.Values = append(result.Values, values)
		}
		return scanErr
	})
	if err != nil {
		return nil, err
	}
	if len(result.Values) > limit {
		result.Values, result.More = result.Values[:limit], true
	}
	return result, nil
}

// Count is the number of rows of a query.
func (s *Session) Count(ctx context.Context, query string) (rows int64, err error) {
	if err = s.requireSelect(ctx, query); err != nil {
		return 0, err
	}
	statement, at := copyQuery("SELECT count(*) FROM (\n", Statement(query), "\n)")
	err = s.one(ctx, statement, at, &rows)
	return rows, err
}

func numbered(prefix string, n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return strings.Join(names, ", ")
}

// displayed is a column that is shown rather than stored.
type displayed struct {
	coltype.Field
	foreign bool // no table has its type
}

// display is Describe for queries whose rows no table has to hold.
func (s *Session) display(ctx context.Context, query string) ([]displayed, error) {
	const prefix = "DESCRIBE "
	statement := Statement(query)
	var columns []displayed
	err := s.each(ctx, prefix+statement, &origin{prefix: len(prefix), length: len(statement)}, func(rows *sql.Rows) error {
		c, err := scanDescribed(rows)
		var foreign *TypeError
		if errors.As(err, &foreign) {
			c.Type, err = coltype.Type{Kind: coltype.String}, nil
		}
		columns = append(columns, displayed{Field: c, foreign: foreign != nil})
		return err
	})
	return columns, err
}

// transport is SQL for a value in a form that the driver gives exactly.
func transport(x string, t coltype.Type) string {
	if number := wholeNumber(x, t.Kind); number != "" {
		return "CAST(" + number + " AS BIGINT)"
	}
	switch t.Kind {
	case coltype.Decimal, coltype.UUID, coltype.String: // JSON is a string too, which the driver would parse
		return asText(x)
	case coltype.List, coltype.Map, coltype.Struct:
		return "CASE WHEN " + x + " IS NULL THEN NULL ELSE " + asText("to_json("+x+")") + " END"
	}
	return x
}

func scanRow(rows *sql.Rows, columns coltype.Schema) ([]any, error) {
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, fmt.Errorf("reading a row: %w", err)
	}
	for i, v := range values {
		switch v := v.(type) {
		case float32:
			values[i] = float64(v)
		case int32:
			values[i] = int64(v)
		case string:
			if columns[i].Type.Kind == coltype.Decimal {
				text, err := decimalText(v)
				if err != nil {
					return nil, err
				}
				values[i] = text
			}
		}
	}
	return values, nil
}

// Text is the usual spelling of a value of a type: decimals with all their digits, dates and timestamps as in ISO 8601 with a
// space and, for timestamptz, a Z.
func Text(t coltype.Type, value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []byte:
		return fmt.Sprintf("0x%X", v)
	case float64:
		return floatText(v, floatBits(t.Kind))
	case int64:
		return wholeText(t.Kind, v)
	}
	return fmt.Sprint(value)
}

func wholeText(k coltype.Kind, v int64) string {
	switch k {
	case coltype.Date:
		return time.Unix(v*86400, 0).UTC().Format("2006-01-02")
	case coltype.Time:
		return time.UnixMicro(v).UTC().Format("15:04:05.999999")
	case coltype.Timestamp:
		return time.UnixMicro(v).UTC().Format("2006-01-02 15:04:05.999999")
	case coltype.Timestamptz:
		return time.UnixMicro(v).UTC().Format("2006-01-02 15:04:05.999999Z")
	}
	return fmt.Sprint(v)
}
