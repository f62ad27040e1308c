package mysql

import (
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/mysql/cell"
	"github.com/automic-etl/etl/providers/quantity"
)

func incrementalBlock() schema.Block {
	return schema.Block{
		Doc: "Reads rows whose cursor is not below the greatest one seen. Rows that are read again are stored once. A row that appears with a cursor " +
			"older than `lookback` is not seen; a deletion only with `detect_deletes`.",
		Attributes: []schema.Attribute{
			{Name: "cursor", Kind: schema.Column, Required: true, Doc: "The column that grows with each change: a timestamp, datetime, date, number or " +
				"sorted text. Rows without a value are read every time."},
			{Name: "key", Kind: schema.Columns, Doc: "What identifies a row. By default the primary key."},
			{Name: "lookback", Type: cty.String, Doc: "How far below the greatest cursor rows may still appear: `\"5m\"` for times, `\"2d\"` for dates, `\"100\"` for numbers."},
			{Name: "detect_deletes", Type: cty.Bool, Default: cty.False, Doc: "Whether each run compares the keys of all rows with those of the table, and takes out " +
				"the rows that are gone."},
			{Name: "batch_size", Type: cty.Number, Doc: "Rows a batch, where the host's own number is not wanted."},
		},
	}
}

// increment is an extract block of mode incremental.
type increment struct {
	cursor    string
	key       []string
	lookback  string
	batchSize int
}

func decodeIncrement(extract cty.Value) (increment, sdk.Diagnostics) {
	i := increment{
		cursor: text(extract, "cursor"), key: attribute.Texts(extract, "key", nil), lookback: text(extract, "lookback"),
		batchSize: int(attribute.Number(extract, "batch_size", 0)),
	}
	if i.batchSize < 0 {
		return i, problem("Invalid batch size", "The batch_size is a number of rows, at least 1.", "extract", "batch_size")
	}
	return i, nil
}

// check looks the block's columns up, and the lookback's unit.
func (i increment) check(r *relation) (column, sdk.Diagnostics) {
	var diags sdk.Diagnostics
	for _, name := range append([]string{i.cursor}, i.key...) {
		if _, ok := r.column(name); !ok {
			diags = append(diags, problem("Unknown column", fmt.Sprintf("%s has no column %q.%s", r.source, name, suggestion(name, r.names())), "extract", "cursor")...)
		}
	}
	c, _ := r.column(i.cursor)
	if diags.HasErrors() {
		return c, diags
	}
	switch c.class {
	case integer, decimal, date, datetime, instant, year:
	case words:
		if !c.enum {
			break
		}
		fallthrough
	default:
		return c, problem("Column that can't be a cursor", fmt.Sprintf("The column %q is %s, and a cursor is a timestamp, datetime, date, whole or decimal number, or text "+
			"that grows.", c.name, c.declared), "extract", "cursor")
	}
	if _, wrong := c.before("0", i.lookback); wrong != "" {
		return c, problem("Invalid lookback", wrong, "extract", "lookback")
	}
	return c, nil
}

// argument is a value's text as a parameter for parameter().
func (c column) argument(value string) any {
	if c.class != integer && c.class != year {
		return value
	}
	if n, err := strconv.ParseInt(value, 10, 64); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return n
	}
	return value
}

// before is the value that lies the lookback below another one, or what is wrong with the lookback.
func (c column) before(value, lookback string) (before, wrong string) {
	if lookback == "" {
		return value, ""
	}
	switch c.class {
	case date, datetime, instant:
		d, ok := quantity.Span(lookback)
		if !ok {
			return "", fmt.Sprintf("The cursor %q is a time, and %q is no length of time such as \"5m\" or \"2d\".", c.name, lookback)
		}
		return c.earlier(value, d), ""
	case integer, decimal, year:
		distance, ok := new(big.Rat).SetString(lookback)
		at, isNumber := new(big.Rat).SetString(value)
		if !ok || !isNumber || distance.Sign() < 0 {
			return "", fmt.Sprintf("The cursor %q is a number, and %q is none. Write how far below the greatest value rows may appear, as in \"100\".", c.name, lookback)
		}
		return at.Sub(at, distance).FloatString(c.scale), ""
	}
	return "", fmt.Sprintf("The cursor %q is a text, from which no lookback can be subtracted. Leave the lookback out.", c.name)
}

// earlier is a time, or of a date the day, that lies so long before another one.
func (c column) earlier(value string, d time.Duration) string {
	at, ok := cell.ParseMoment([]byte(value))
	if !ok {
		return value
	}
	t := time.Date(at.Year, time.Month(at.Month), at.Day, at.Hour, at.Minute, at.Second, at.Micros*1000, time.UTC).Add(-d)
	if c.class == date {
		return t.Format(time.DateOnly)
	}
	return t.Format("2006-01-02 15:04:05.000000")
}

// spell is a cursor's value in the language's text of a type.
func (c column) spell(value string, t coltype.Type) string {
	at, ok := cell.ParseMoment([]byte(value))
	if !ok {
		return value
	}
	moment := time.Date(at.Year, time.Month(at.Month), at.Day, at.Hour, at.Minute, at.Second, at.Micros*1000, time.UTC)
	switch t.Kind {
	case coltype.Date:
		return moment.Format(time.DateOnly)
	case coltype.Timestamp:
		return moment.Format("2006-01-02T15:04:05.000000")
	case coltype.Timestamptz:
		return moment.Format("2006-01-02T15:04:05.000000Z")
	}
	return value
}

// words is a cursor's value for people.
func (c column) words(value *string) string {
	switch {
	case value == nil:
		return "nothing"
	case c.class == instant:
		return *value + "Z"
	}
	return *value
}
