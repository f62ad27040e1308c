package expr

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// arithmetic is typed so that nothing overflows silently: whole numbers are computed in 64 bits, decimals exactly, and
// a fraction is a double.
func (b *binder) arithmetic(c *Call, args []*Typed) *Typed {
	if len(args) == 2 && temporalOperands(args) {
		return b.temporal(c, args)
	}
	for i, arg := range args {
		if arg.Type.Kind == coltype.Unknown || !arg.Type.Kind.Numeric() {
			return b.fail(c.Args[i].Range(), "Wrong type", b.notANumber(c, i, arg))
		}
	}
	if len(args) == 1 {
		return typed(c, negated(args[0].Type), args...)
	}
	t, detail := arithmeticType(c.Name, operandType(args[0]), operandType(args[1]))
	if detail != "" {
		return b.fail(c.Src, "Number with too many digits", detail)
	}
	return typed(c, t, args...)
}

func (b *binder) notANumber(c *Call, at int, arg *Typed) string {
	text := fmt.Sprintf("%s computes with numbers, but this is %s.", c.Name, typeName(arg.Type))
	if hint := b.quotedColumn(arg); hint != "" {
		return text + hint
	}
	if c.Name == "+" && arg.Type.Kind == coltype.String {
		return text + " To put texts together, write \"${a}${b}\" or concat(a, b)."
	}
	return text + castAdvice(c.Args[at].String(), arg.Type, coltype.Of(coltype.Double))
}

func negated(t coltype.Type) coltype.Type {
	if t.Kind == coltype.Int {
		return coltype.Of(coltype.Long)
	}
	return t
}

// operandType counts the digits of a constant instead of those of its type: amount * 2 needs one digit more, not ten.
func operandType(t *Typed) coltype.Type {
	lit, ok := t.Node.(*Literal)
	if !ok || !integral(t.Type) || lit.Value.IsNull() || lit.Value.Type() != cty.Number {
		return t.Type
	}
	whole, _ := digitCount(lit.Value.AsBigFloat().Text('f', 0))
	return coltype.DecimalOf(max(1, whole), 0)
}

func arithmeticType(op string, a, b coltype.Type) (coltype.Type, string) {
	switch {
	case op == "/":
		return coltype.Of(coltype.Double), ""
	case a.Kind == coltype.Float && b.Kind == coltype.Float:
		return a, ""
	case approximate(a) || approximate(b):
		return coltype.Of(coltype.Double), ""
	case wholeOperand(a) && wholeOperand(b):
		return coltype.Of(coltype.Long), ""
	}
	return exactType(op, a, b)
}

// wholeOperand includes the constants that operandType turned into decimals.
func wholeOperand(t coltype.Type) bool {
	return integral(t) || t.Kind == coltype.Decimal && t.Scale == 0 && t.Precision <= 19
}

func exactType(op string, a, b coltype.Type) (coltype.Type, string) {
	wa, sa := digitsOf(a)
	wb, sb := digitsOf(b)
	whole, scale := max(wa, wb)+1, max(sa, sb)
	switch op {
	case "*":
		whole, scale = wa+wb, sa+sb
	case "%":
		whole = max(wa, wb)
	}
	if scale > coltype.MaxPrecision {
		return coltype.Type{}, fmt.Sprintf("The result would have %d digits after the point, and a decimal has at most %d digits in all. Cast the operands to fewer digits first.",
			scale, coltype.MaxPrecision)
	}
	return coltype.DecimalOf(min(coltype.MaxPrecision, whole+scale), scale), ""
}

func temporalOperands(args []*Typed) bool {
	for _, arg := range args {
		switch arg.Type.Kind {
		case coltype.Date, coltype.Time, coltype.Timestamp, coltype.Timestamptz, Days, Interval:
			return true
		}
	}
	return false
}

// temporal is a time plus or minus an interval.
func (b *binder) temporal(c *Call, args []*Typed) *Typed {
	at, by := args[0], args[1]
	if c.Name == "+" && isInterval(at.Type) && !isInterval(by.Type) {
		at, by = by, at
	}
	if c.Name == "+" || c.Name == "-" {
		if t, ok := moved(at.Type, by.Type); ok {
			return typed(c, t, args...)
		}
	}
	text := fmt.Sprintf("%s %s %s combines %s with %s.", c.Args[0], c.Name, c.Args[1], typeName(args[0].Type), typeName(args[1].Type))
	switch {
	case c.Name == "-" && !isInterval(at.Type) && !isInterval(by.Type):
		text += fmt.Sprintf(" To count what lies between two times, write date_diff(\"day\", %s, %s).", c.Args[1], c.Args[0])
	case at.Type.Kind.Numeric() || by.Type.Kind.Numeric():
		text += " Say the unit of the number: x + days(2), x - hours(6)."
	default:
		text += " An interval such as days(2) or hours(6) is added to or subtracted from a date or timestamp."
	}
	return b.fail(c.Src, "Wrong type", text)
}

func moved(at, by coltype.Type) (coltype.Type, bool) {
	switch {
	case !isInterval(by):
		return at, false
	case at.Kind == coltype.Date && by.Kind == Interval:
		return coltype.Of(coltype.Timestamp), true
	case at.Kind == Days && by.Kind == Interval:
		return by, true
	case at.Kind == coltype.Date || at.Kind == coltype.Timestamp || at.Kind == coltype.Timestamptz || isInterval(at):
		return at, true
	}
	return at, false
}
