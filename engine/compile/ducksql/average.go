package ducksql

import (
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// addable is the most digits of values whose sum stays exact for ten thousand million rows.
const addable = 28

// average adds exact numbers exactly and divides once, so that the order of rows decides over no digit. Sums of doubles depend
// on it, and so do those of decimals with so many digits before or behind the point that their sum could overflow.
func (r Renderer) average(t *expr.Typed, args []string) string {
	over := r.over(false, false)
	x, ok := exact(t.Args[0])
	if !ok {
		return "avg(" + args[0] + ")" + over
	}
	sql, whole := r.Expr(x), x.Type.Precision-x.Type.Scale
	sum := func(part string) string { return "CAST(sum(" + part + ")" + over + " AS DOUBLE)" }
	switch {
	case x.Type.Kind != coltype.Decimal: // DuckDB adds whole numbers in 128 bits
		return "avg(" + sql + ")" + over
	case x.Type.Precision <= addable:
		return "(" + sum(sql) + " / count(" + sql + ")" + over + ")"
	case whole <= addable && x.Type.Scale <= addable:
		return "((" + sum("trunc("+sql+")") + " + " + sum(sql+" - trunc("+sql+")") + ") / count(" + sql + ")" + over + ")"
	}
	return "avg(" + args[0] + ")" + over
}

// exact is what a number was before it was converted to a double, if it was exact.
func exact(t *expr.Typed) (*expr.Typed, bool) {
	c, ok := t.Node.(*expr.Cast)
	if !ok || c.Try || t.Type.Kind != coltype.Double {
		return nil, false
	}
	switch from := t.Args[0]; from.Type.Kind {
	case coltype.Int, coltype.Long, coltype.Decimal:
		return from, true
	}
	return nil, false
}
