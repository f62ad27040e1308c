package ducksql

import (
	"strconv"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// function renders a call: of a pattern where one is enough, else by hand.
func (r Renderer) function(name string, t *expr.Typed, args []string) string {
	if pattern, ok := pattern(name, len(args)); ok {
		return r.fill(pattern, t, args)
	}
	switch name {
	case "concat":
		return "(" + strings.Join(args, " || ") + ")"
	case "in":
		return r.in(t.Args[1], args)
	case "round":
		return round(t, args)
	case "floor", "ceil", "truncate":
		return whole(name, t, args)
	case "date_trunc":
		return dateTrunc(t, args)
	case "hash":
		return Fingerprint(locals(t, args))
	case "avg":
		return r.average(t, args)
	case "count_distinct":
		return r.countDistinct(args)
	}
	return r.part(name, t, args)
}

// fill puts arguments into a pattern: $1 is the first, $u1 the first with instants in UTC, $* all, $t the result's
// type, $over the window after an aggregate.
func (r Renderer) fill(pattern string, t *expr.Typed, args []string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '$' {
			b.WriteByte(pattern[i])
			continue
		}
		rest := pattern[i+1:]
		switch {
		case rest[0] == '*':
			b.WriteString(strings.Join(args, ", "))
			i++
		case strings.HasPrefix(rest, "over"):
			b.WriteString(r.over(rest[4] == '+', rest[4] == '='))
			i += 5
		case rest[0] == 't':
			b.WriteString(dialect.Type(t.Type))
			i++
		case rest[0] == 'u':
			n, _ := strconv.Atoi(rest[1:2])
			b.WriteString(local(t.Args[n-1], args[n-1]))
			i += 2
		default:
			n, _ := strconv.Atoi(rest[:1])
			b.WriteString(args[n-1])
			i++
		}
	}
	return b.String()
}

// over is the window's clause: ties broken by all columns, and over the whole partition, where the function asks.
func (r Renderer) over(ties, whole bool) string {
	if r.Over == nil {
		return ""
	}
	order := r.Over.Order
	if ties || whole {
		order = r.Over.Ties
	}
	var parts []string
	if len(r.Over.Partition) > 0 {
		parts = append(parts, "PARTITION BY "+strings.Join(r.Over.Partition, ", "))
	}
	if len(order) > 0 {
		parts = append(parts, "ORDER BY "+strings.Join(order, ", "))
	}
	if whole {
		parts = append(parts, "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING")
	}
	return " OVER (" + strings.Join(parts, " ") + ")"
}

// in lists constants, which DuckDB can push into the scan, and searches other lists.
func (r Renderer) in(list *expr.Typed, args []string) string {
	elems, to := list, list.Type.Elem.Type
	if _, ok := list.Node.(*expr.Cast); ok {
		elems = list.Args[0]
	}
	c, ok := elems.Node.(*expr.Call)
	if !ok || c.Name != "[...]" || len(elems.Args) == 0 {
		return "list_contains(" + args[1] + ", " + args[0] + ")"
	}
	parts := make([]string, len(elems.Args))
	for i, elem := range elems.Args {
		parts[i] = r.Expr(elem)
		if !elem.Type.Equal(to) {
			parts[i] = dialect.Cast(parts[i], to)
		}
	}
	return "(" + args[0] + " IN (" + strings.Join(parts, ", ") + "))"
}

// round leaves whole numbers alone unless the digits are negative, and rounds decimals by their cast.
func round(t *expr.Typed, args []string) string {
	switch t.Args[0].Type.Kind {
	case coltype.Decimal:
		return dialect.Cast(args[0], t.Type)
	case coltype.Int, coltype.Long:
		if len(args) == 1 {
			return args[0]
		}
	}
	if len(args) == 1 {
		return dialect.Cast("round("+args[0]+")", t.Type)
	}
	return dialect.Cast("round("+args[0]+", CAST("+args[1]+" AS INTEGER))", t.Type)
}

func whole(name string, t *expr.Typed, args []string) string {
	switch kind := t.Args[0].Type.Kind; {
	case kind == coltype.Int || kind == coltype.Long:
		return args[0]
	case name == "truncate":
		name = "trunc"
	}
	return dialect.Cast(name+"("+args[0]+")", t.Type)
}

func dateTrunc(t *expr.Typed, args []string) string {
	sql := "date_trunc(" + args[0] + ", " + local(t.Args[1], args[1]) + ")"
	if t.Type.Kind == coltype.Timestamptz {
		return utc(sql)
	}
	return dialect.Cast(sql, t.Type)
}

func (r Renderer) countDistinct(args []string) string {
	if len(args) > 1 {
		return "count(DISTINCT row(" + strings.Join(args, ", ") + "))" + r.over(false, false)
	}
	return "count(DISTINCT " + args[0] + ")" + r.over(false, false)
}

// Fingerprint is a text that is equal for equal values. JSON only separates them: its numbers are not exact.
func Fingerprint(values []string) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = "CAST(" + v + " AS VARCHAR)"
	}
	return "md5(CAST(json_array(" + strings.Join(texts, ", ") + ") AS VARCHAR))"
}

func locals(t *expr.Typed, args []string) []string {
	out := make([]string, len(args))
	for i, arg := range args {
		out[i] = local(t.Args[i], arg)
	}
	return out
}

// part is date_part and the functions named after a part.
func (r Renderer) part(name string, t *expr.Typed, args []string) string {
	at := len(args) - 1
	if name == "date_part" {
		name = strings.Trim(args[0], "'")
	}
	switch name {
	case "dayofweek":
		name = "isodow"
	case "dayofyear":
		name = "doy"
	}
	sql := "date_part('" + name + "', " + local(t.Args[at], args[at]) + ")"
	switch name {
	case "millisecond": // DuckDB counts the seconds in
		sql = "(" + sql + " % 1000)"
	case "microsecond":
		sql = "(" + sql + " % 1000000)"
	}
	return dialect.Cast(sql, t.Type)
}
