package mysql

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

const notNull = " not null"

// types are what the columns are declared as.
func (r *relation) types() map[string]string {
	types := map[string]string{}
	for _, c := range r.columns {
		if types[c.name] = c.declared; !c.nullable {
			types[c.name] += notNull
		}
	}
	return types
}

// narrowed warns of columns for whose types the server has changed values since, which it doesn't log.
func (s *server) narrowed(ctx context.Context, r *relation, before map[string]string) (sdk.Diagnostics, error) {
	mode, err := s.variable(ctx, "sql_mode")
	if err != nil {
		return nil, err
	}
	strict := strings.Contains(strings.ToUpper(mode), "STRICT_")
	var changed []string
	now := r.types()
	for _, c := range r.columns {
		if was, known := before[c.name]; known && narrower(was, now[c.name], strict) {
			changed = append(changed, fmt.Sprintf("%s (%s, and %s before)", c.name, now[c.name], was))
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return warning("Values that the server may have changed", fmt.Sprintf("Columns of %s hold less than before: %s. What the server rounded or cut for it the binary log doesn't tell: rows "+
		"that don't change keep the values of before. Begin anew with a snapshot to have those of now: `etl apply -resnapshot`.", r.source, strings.Join(changed, ", ")), "table"), nil
}

var declaration = regexp.MustCompile(`^([a-z]+)(?:\((\d+)(?:,(\d+))?\))?(.*)$`)

// narrower reports whether a type may have changed values of another one. A strict server refuses all but to round.
func narrower(was, now string, strict bool) bool {
	a, b := declaration.FindStringSubmatch(was), declaration.FindStringSubmatch(now)
	if a == nil || b == nil || was == now {
		return false
	}
	if a[1] == "double" && b[1] == "float" || a[1] == b[1] && rounds(a, b) {
		return true
	}
	if strict {
		return false
	}
	if strings.HasSuffix(b[4], notNull) && !strings.HasSuffix(a[4], notNull) {
		return true
	}
	before, from := classOf(a[1])
	after, to := classOf(b[1])
	switch {
	case before == integer && after == integer:
		return to < from || strings.Contains(a[4], "unsigned") != strings.Contains(b[4], "unsigned")
	case a[1] != b[1]:
		return false
	case before == decimal:
		return number(b[2])-number(b[3]) < number(a[2])-number(a[3])
	case before == words || before == bytes:
		return number(b[2]) < number(a[2])
	}
	return false
}

// rounds compares the digits of fractions.
func rounds(was, now []string) bool {
	switch was[1] {
	case "decimal":
		return number(now[3]) < number(was[3])
	case "time", "datetime", "timestamp":
		return number(now[2]) < number(was[2])
	}
	return false
}

// number is 0 where none is written.
func number(text string) int {
	n, _ := strconv.Atoi(text) // of digits alone
	return n
}
