// Package ducksql renders bound expressions as DuckDB's SQL. What an expression means was decided in lang/expr; here
// every part is written so that DuckDB computes exactly that, whatever its session's settings are.
package ducksql

import (
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Names say what the relations of an expression are called in the statement, by their names in its scope.
type Names map[string]string

// Over is the window that aggregates and window functions are computed over, as SQL; nil outside of windows.
type Over struct {
	Partition []string
	Order     []string
	// Ties is Order followed by all columns: functions that tell equal rows apart use it.
	Ties []string
}

// Renderer writes expressions of one SELECT.
type Renderer struct {
	Names Names
	Over  *Over
}

// instant stands for the run's now until At replaces it. Unreplaced it fails to convert; no text of a user can spell
// it, since quotes in texts are doubled.
const instant = "CAST('{{etl_now}}' AS TIMESTAMP WITH TIME ZONE)"

// At puts the run's instant into a statement.
func At(sql string, now time.Time) string {
	text := "CAST('" + now.UTC().Format("2006-01-02 15:04:05.000000") + "+00' AS TIMESTAMP WITH TIME ZONE)"
	return strings.ReplaceAll(sql, instant, text)
}

// UsesNow reports whether a statement needs At.
func UsesNow(sql string) bool { return strings.Contains(sql, instant) }

// Expr renders a bound expression. Its result can stand anywhere a value can.
func (r Renderer) Expr(t *expr.Typed) string {
	switch n := t.Node.(type) {
	case *expr.Literal:
		return literal(n.Value, t.Type)
	case *expr.Column:
		return r.column(t)
	case *expr.Cast:
		return cast(r.Expr(t.Args[0]), t.Args[0].Type, t.Type, n.Try)
	}
	return r.call(t.Node.(*expr.Call), t)
}

func (r Renderer) exprs(ts []*expr.Typed) []string {
	out := make([]string, len(ts))
	for i, t := range ts {
		out[i] = r.Expr(t)
	}
	return out
}

func literal(v cty.Value, t coltype.Type) string {
	switch {
	case v.IsNull():
		return "NULL"
	case t.Kind == coltype.String:
		return dialect.Text(v.AsString())
	case t.Kind == coltype.Boolean:
		return strings.ToUpper(strconv.FormatBool(v.True()))
	}
	f := v.AsBigFloat()
	switch {
	case t.Kind == coltype.Int && f.Sign() >= 0:
		return f.Text('f', 0)
	case t.Kind == coltype.Double:
		return "CAST('" + f.Text('e', -1) + "' AS DOUBLE)"
	}
	return "CAST('" + f.Text('f', -1) + "' AS " + dialect.Type(t) + ")"
}

func (r Renderer) column(t *expr.Typed) string {
	sql := dialect.Ident(t.Name)
	if !t.Local {
		sql = dialect.Ident(r.Names[t.Relation]) + "." + sql
	}
	for _, field := range t.Fields {
		sql += "[" + dialect.Text(field) + "]"
	}
	return sql
}

func (r Renderer) call(c *expr.Call, t *expr.Typed) string {
	args := r.exprs(t.Args)
	switch c.Name {
	case "&&", "||", "!", "==", "!=", "<", "<=", ">", ">=", "is null", "is not null":
		return condition(c.Name, args)
	case "?:":
		return "CASE WHEN " + args[0] + " THEN " + args[1] + " ELSE " + args[2] + " END"
	case "[...]":
		return "[" + strings.Join(args, ", ") + "]"
	case "{...}":
		return object(t, args)
	case "[]":
		return index(t.Args[0].Type, args)
	case ".":
		return args[0] + "[" + args[1] + "]"
	case "for":
		return comprehension(args, t)
	case "+", "-", "*", "/", "%":
		return arithmetic(c.Name, t, args)
	}
	return r.function(c.Name, t, args)
}

func condition(op string, args []string) string {
	switch op {
	case "!":
		return "(NOT " + args[0] + ")"
	case "is null", "is not null":
		return "(" + args[0] + " " + strings.ToUpper(op) + ")"
	case "&&":
		op = "AND"
	case "||":
		op = "OR"
	case "==":
		op = "="
	case "!=":
		op = "<>"
	}
	return "(" + args[0] + " " + op + " " + args[1] + ")"
}

func object(t *expr.Typed, args []string) string {
	parts := make([]string, len(args))
	for i, f := range t.Type.Fields {
		parts[i] = dialect.Ident(f.Name) + " := " + args[i]
	}
	return "struct_pack(" + strings.Join(parts, ", ") + ")"
}

// index counts from 0 and gives null before the first element, where DuckDB counts from 1 and from the end.
func index(of coltype.Type, args []string) string {
	if of.Kind == coltype.Map {
		return args[0] + "[" + args[1] + "]"
	}
	return "CASE WHEN " + args[1] + " >= 0 THEN list_extract(" + args[0] + ", " + args[1] + " + 1) END"
}

// comprehension names the variable as the user did: columns are always qualified, so they can't meet it.
func comprehension(args []string, t *expr.Typed) string {
	name := dialect.Ident(t.Node.(*expr.Call).Args[0].(*expr.Literal).Value.AsString())
	list := args[1]
	if len(args) > 3 {
		list = "list_filter(" + list + ", lambda " + name + ": " + args[3] + ")"
	}
	return "list_transform(" + list + ", lambda " + name + ": " + args[2] + ")"
}
