package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// partitionField is a field of a partition spec, ready to be computed.
type partitionField struct {
	// text is SQL for the partition value as text, null for null. Texts that could be long are cut: see decode.
	text string
	// kind is the type of the value.
	kind coltype.Kind
}

// TransformError says that a column can't be partitioned in the way that is asked for.
type TransformError struct {
	Column, Transform, Why string
}

func (e *TransformError) Error() string {
	return fmt.Sprintf("the column %q can't be partitioned by %s: %s", e.Column, e.Transform, e.Why)
}

// partitionFields compiles a partition spec over columns.
func partitionFields(spec []state.PartitionField, cols coltype.Schema) ([]partitionField, error) {
	fields := make([]partitionField, len(spec))
	for i, f := range spec {
		column, ok := columnNamed(cols, f.Column)
		if !ok {
			return nil, &TransformError{Column: f.Column, Transform: f.Transform, Why: "there is no such column."}
		}
		field, why := compileTransform(column, f.Transform)
		if why != "" {
			return nil, &TransformError{Column: f.Column, Transform: f.Transform, Why: why}
		}
		fields[i] = field
	}
	return fields, nil
}

func columnNamed(cols coltype.Schema, name string) (coltype.Field, bool) {
	for _, c := range cols {
		if c.Name == name {
			return c, true
		}
	}
	return coltype.Field{}, false
}

// compileTransform gives why it can't, or "".
func compileTransform(c coltype.Field, transform string) (partitionField, string) {
	name, width, ok := transformWidth(transform)
	x := dialect.Ident(c.Name)
	switch {
	case !ok:
		return partitionField{}, "Iceberg has no such transform."
	case name == "identity":
		return identity(x, c.Type)
	case name == "void":
		return partitionField{text: "CAST(NULL AS VARCHAR)", kind: c.Type.Kind}, ""
	case name == "bucket":
		return bucket(x, c.Type, width)
	case name == "truncate":
		return truncate(x, c.Type, width)
	}
	return period(x, c.Type.Kind, name)
}

// transformWidth splits `bucket[16]`.
func transformWidth(transform string) (name string, width int64, ok bool) {
	name, rest, bracket := strings.Cut(transform, "[")
	switch name {
	case "bucket", "truncate":
		width, err := strconv.ParseInt(strings.TrimSuffix(rest, "]"), 10, 32)
		return name, width, bracket && err == nil && width > 0
	case "identity", "void", "year", "month", "day", "hour":
		return name, 0, !bracket
	}
	return name, 0, false
}

// wholeNumber is SQL for the number that Iceberg keeps a value as, "" where it keeps none.
func wholeNumber(x string, k coltype.Kind) string {
	switch k {
	case coltype.Int, coltype.Long:
		return x
	case coltype.Date:
		return "(" + x + " - DATE '1970-01-01')"
	case coltype.Time, coltype.Timestamp, coltype.Timestamptz:
		return "epoch_us(" + x + ")"
	}
	return ""
}

func asText(x string) string { return "CAST(" + x + " AS VARCHAR)" }

func identity(x string, t coltype.Type) (partitionField, string) {
	if number := wholeNumber(x, t.Kind); number != "" {
		return partitionField{asText(number), t.Kind}, ""
	}
	switch t.Kind {
	case coltype.Boolean, coltype.Float, coltype.Double, coltype.Decimal, coltype.UUID:
		return partitionField{asText(x), t.Kind}, ""
	case coltype.String, coltype.Unknown:
		return partitionField{cut(x), coltype.String}, ""
	case coltype.Binary:
		return partitionField{cut("hex(" + x + ")"), t.Kind}, ""
	}
	return partitionField{}, "lists, maps and structs can't be partition values. Derive a column of it first."
}

// maxPartitionText keeps the names of the folders that DuckDB makes of partition values under what file systems allow, even if
// every byte of a value is spelled %XX.
const maxPartitionText = 60

// cut makes of a long text its hash, marked as such; the text itself is then read from the file.
func cut(x string) string {
	return fmt.Sprintf("CASE WHEN strlen(%[1]s) <= %[2]d THEN 's' || %[1]s ELSE 'h' || md5(%[1]s) END", x, maxPartitionText)
}

func bucket(x string, t coltype.Type, buckets int64) (partitionField, string) {
	var hash string
	switch t.Kind {
	case coltype.String, coltype.Unknown:
		hash = hashText + "(" + x + ")"
	case coltype.Binary:
		hash = hashBlob + "(" + x + ")"
	case coltype.UUID:
		hash = hashBlob + "(unhex(replace(" + asText(x) + ", '-', '')))"
	case coltype.Decimal:
		// Without its point a decimal's text is its unscaled value; leading zeros don't matter.
		hash = hashDecimal + "(replace(" + asText(x) + ", '.', ''))"
	default:
		number := wholeNumber(x, t.Kind)
		if number == "" {
			return partitionField{}, "only whole numbers, decimals, dates, times, strings, uuids and binaries have buckets."
		}
		hash = hashLong + "(CAST(" + number + " AS BIGINT))"
	}
	return partitionField{asText(fmt.Sprintf("%s %% %d", hash, buckets)), coltype.Int}, ""
}

func truncate(x string, t coltype.Type, width int64) (partitionField, string) {
	switch t.Kind {
	case coltype.Int, coltype.Long:
		// In 128 bits, since the greatest multiple below the least long is no long; like Iceberg's Java, it then wraps.
		wide := "CAST(" + x + " AS HUGEINT)"
		number := fmt.Sprintf("(%[1]s - ((%[1]s %% %[2]d + %[2]d) %% %[2]d))", wide, width)
		return partitionField{asText(wrapped(number, t.Kind)), t.Kind}, ""
	case coltype.Decimal:
		unscaled := "CAST(replace(" + asText(x) + ", '.', '') AS HUGEINT)"
		return partitionField{asText(fmt.Sprintf("(%[1]s - ((%[1]s %% %[2]d + %[2]d) %% %[2]d))", unscaled, width)) +
			fmt.Sprintf(" || 'e-%d'", t.Scale), coltype.Decimal}, ""
	case coltype.String, coltype.Unknown:
		return partitionField{cut(fmt.Sprintf("substring(%s, 1, %d)", x, width)), coltype.String}, ""
	case coltype.Binary:
		return partitionField{cut(fmt.Sprintf("substring(hex(%s), 1, %d)", x, 2*width)), coltype.Binary}, ""
	}
	return partitionField{}, "only whole numbers, decimals, strings and binaries can be truncated."
}

// wrapped brings a number back into the range of its type as two's complement does.
func wrapped(number string, k coltype.Kind) string {
	low, span := "-9223372036854775808", "18446744073709551616"
	if k == coltype.Int {
		low, span = "-2147483648", "4294967296"
	}
	return fmt.Sprintf("CASE WHEN %[1]s < %[2]s THEN %[1]s + %[3]s ELSE %[1]s END", number, low, span)
}

// period is the number of years, months, days or hours since 1970.
func period(x string, k coltype.Kind, name string) (partitionField, string) {
	dated := k == coltype.Date || k == coltype.Timestamp || k == coltype.Timestamptz
	if !dated || name == "hour" && k == coltype.Date {
		return partitionField{}, "that needs a date or a timestamp (hour a timestamp)."
	}
	date := "CAST(" + x + " AS DATE)"
	switch name {
	case "year":
		return partitionField{asText("(year(" + date + ") - 1970)"), coltype.Int}, ""
	case "month":
		return partitionField{asText("((year(" + date + ") - 1970) * 12 + month(" + date + ") - 1)"), coltype.Int}, ""
	case "day":
		return partitionField{asText(wholeNumber(date, coltype.Date)), coltype.Date}, ""
	}
	const hour = 3_600_000_000
	micros := wholeNumber(x, k)
	floor := fmt.Sprintf("((%[1]s - ((%[1]s %% %[2]d + %[2]d) %% %[2]d)) // %[2]d)", micros, hour)
	return partitionField{asText(floor), coltype.Int}, ""
}
