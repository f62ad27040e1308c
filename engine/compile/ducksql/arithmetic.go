package ducksql

import (
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func arithmetic(op string, t *expr.Typed, args []string) string {
	if len(args) == 1 {
		return "(-" + dialect.Cast(args[0], t.Type) + ")"
	}
	if !t.Type.Kind.Numeric() {
		return temporal(op, t, args)
	}
	a, b := operands(op, t, args)
	if op == "/" || op == "%" {
		b = "nullif(" + b + ", 0)"
	}
	return dialect.Cast("("+a+" "+op+" "+b+")", t.Type)
}

// operands are cast to the result's type, so that nothing overflows before it would overflow that. For a product of
// decimals one operand is made wider than DuckDB's 64 bits, which would overflow, or lose the scale, before.
func operands(op string, t *expr.Typed, args []string) (a, b string) {
	if t.Type.Kind != coltype.Decimal || op != "*" {
		return dialect.Cast(args[0], t.Type), dialect.Cast(args[1], t.Type)
	}
	left, right := decimal(t.Args[0].Type), decimal(t.Args[1].Type)
	if t.Type.Precision > narrow {
		left.Precision = max(left.Precision, narrow+1)
	}
	return dialect.Cast(args[0], left), dialect.Cast(args[1], right)
}

// narrow is the most digits of DuckDB's decimals of 64 bits.
const narrow = 18

func decimal(t coltype.Type) coltype.Type {
	switch t.Kind {
	case coltype.Int:
		return coltype.DecimalOf(10, 0)
	case coltype.Long:
		return coltype.DecimalOf(19, 0)
	}
	return t
}

// temporal moves a date or timestamp by an interval. Instants are moved in UTC, whatever the session's zone.
func temporal(op string, t *expr.Typed, args []string) string {
	a, b := local(t.Args[0], args[0]), local(t.Args[1], args[1])
	switch t.Type.Kind {
	case coltype.Date:
		return "CAST(" + a + " " + op + " " + b + " AS DATE)"
	case coltype.Timestamptz:
		return "((" + a + " " + op + " " + b + ") AT TIME ZONE 'UTC')"
	case coltype.Timestamp:
		return "(" + asTimestamp(t.Args[0], a) + " " + op + " " + asTimestamp(t.Args[1], b) + ")"
	}
	return "(" + a + " " + op + " " + b + ")"
}

func asTimestamp(t *expr.Typed, sql string) string {
	if t.Type.Kind == coltype.Date {
		return "CAST(" + sql + " AS TIMESTAMP)"
	}
	return sql
}

// local turns an instant into UTC's wall clock and leaves everything else alone.
func local(t *expr.Typed, sql string) string {
	if t.Type.Kind == coltype.Timestamptz {
		return utc(sql)
	}
	return sql
}

func utc(sql string) string { return "(" + sql + " AT TIME ZONE 'UTC')" }
