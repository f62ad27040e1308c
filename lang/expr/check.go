package expr

import (
	"fmt"
	"regexp"
	re2 "regexp/syntax"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are checked the same on every machine

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// literalOf is the constant that an argument is, looking through conversions.
func literalOf(t *Typed) (*Literal, bool) {
	for {
		switch n := t.Node.(type) {
		case *Literal:
			return n, true
		case *Cast:
			if len(t.Args) == 1 {
				t = t.Args[0]
				continue
			}
		}
		return nil, false
	}
}

func literalText(t *Typed) (string, bool) {
	lit, ok := literalOf(t)
	if !ok || lit.Value.IsNull() || lit.Value.Type() != cty.String {
		return "", false
	}
	return lit.Value.AsString(), true
}

func literalInt(t *Typed) (int64, bool) {
	lit, ok := literalOf(t)
	if !ok || lit.Value.IsNull() || lit.Value.Type() != cty.Number {
		return 0, false
	}
	n, exact := lit.Value.AsBigFloat().Int64()
	return n, exact == 0 && lit.Value.AsBigFloat().IsInt()
}

func checkPattern(args []*Typed) string {
	pattern, _ := literalText(args[1])
	if _, err := re2.Parse(pattern, re2.Perl); err != nil {
		return fmt.Sprintf("The regular expression is not valid: %s. The syntax is RE2's.", err)
	}
	return ""
}

// checkGroup is checkPattern, and asks for a group that the pattern has; engines count up to nine.
func checkGroup(args []*Typed) string {
	if wrong := checkPattern(args); wrong != "" || len(args) < 3 {
		return wrong
	}
	pattern, _ := literalText(args[1])
	parsed, _ := re2.Parse(pattern, re2.Perl)
	most := min(9, parsed.MaxCap())
	if n, ok := literalInt(args[2]); ok && n >= 0 && n <= int64(most) {
		return ""
	}
	return fmt.Sprintf("The group is a constant from 0 to %d: this regular expression has so many groups in parentheses.", most)
}

// checkPath keeps to paths that lead to one value: others would give a list.
func checkPath(args []*Typed) string {
	path, _ := literalText(args[1])
	if regexp.MustCompile(`^\$(\.[A-Za-z_][A-Za-z0-9_]*|\."[^"\\]+"|\[[0-9]{1,9}\])*$`).MatchString(path) {
		return ""
	}
	return fmt.Sprintf("%q is no path into JSON. Paths start with $ and go on with .name, .\"odd name\" or [0], such as $.items[0].id.", path)
}

func oneOf(args []*Typed, units ...string) string {
	unit, _ := literalText(args[0])
	if slices.Contains(units, unit) {
		return ""
	}
	return fmt.Sprintf("There is no unit %q here.%s The units are: %s.", unit, diag.Suggest(unit, units), strings.Join(units, ", "))
}

func dateUnits() []string { return []string{"year", "quarter", "month", "week", "day"} }

func clockUnits() []string { return []string{"hour", "minute", "second", "millisecond", "microsecond"} }

func checkTruncUnit(args []*Typed) string {
	if args[1].Type.Kind == coltype.Date {
		return oneOf(args, dateUnits()...)
	}
	return oneOf(args, append(dateUnits(), clockUnits()...)...)
}

func checkUnit(args []*Typed) string {
	return oneOf(args, append(dateUnits(), clockUnits()...)...)
}

func checkPart(args []*Typed) string {
	units := append(dateUnits(), "dayofweek", "dayofyear")
	if args[1].Type.Kind != coltype.Date {
		units = append(units, clockUnits()...)
	}
	return oneOf(args, units...)
}

// formatLetters are those of strftime and strptime that do not depend on a machine's locale.
const formatLetters = "aAwuUWdbBmyYHIpMSfgnzZjVGcxX%"

// unpaddedLetters may follow %-, which leaves leading zeros out.
const unpaddedLetters = "dmyHIMSj"

func checkFormat(args []*Typed) string {
	format, _ := literalText(args[1])
	if format == "" {
		return "The format is empty. A year is %Y, a month %m, a day %d, as in %Y-%m-%d."
	}
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		letters := formatLetters
		if strings.HasPrefix(format[i:], "-") {
			i++
			letters = unpaddedLetters
		}
		if i == len(format) || !strings.ContainsRune(letters, rune(format[i])) {
			return fmt.Sprintf("The format %q is not valid at its %% number %d. A year is %%Y, a month %%m, a day %%d, an hour %%H, a minute %%M, a second %%S, a percent sign %%%%.",
				format, strings.Count(format[:min(i, len(format))], "%"))
		}
	}
	return ""
}

// checkZone finds unknown zones where the zone is constant.
func checkZone(args []*Typed) string {
	if len(args) < 2 {
		return checkLiteral(args)
	}
	zone, ok := literalText(args[1])
	if !ok {
		return ""
	}
	if _, err := time.LoadLocation(zone); err != nil || zone == "" || zone == "Local" {
		return fmt.Sprintf("There is no time zone %q. Zones have the names of the IANA database, such as America/New_York or UTC.", zone)
	}
	return ""
}

// checkLiteral finds constants that are no date at all, before any row is read.
func checkLiteral(args []*Typed) string {
	text, ok := literalText(args[0])
	if !ok {
		return ""
	}
	layouts := []string{
		"2006-01-02", "15:04:05", "15:04", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04",
		"2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07", "2006-01-02T15:04:05Z07",
	}
	for _, layout := range layouts {
		if _, err := time.Parse(layout, text); err == nil {
			return ""
		}
	}
	return fmt.Sprintf("%q is no date or time. Dates are written 2026-11-23, times 18:04:11, timestamps 2026-11-23 18:04:11, instants with Z or an offset at the end.", text)
}

func checkQuantile(args []*Typed) string {
	lit, ok := literalOf(args[1])
	if ok && !lit.Value.IsNull() && lit.Value.Type() == cty.Number {
		if q, _ := lit.Value.AsBigFloat().Float64(); q >= 0 && q <= 1 {
			return ""
		}
	}
	return "The second argument is a constant from 0 to 1, such as 0.95."
}

func checkPositive(at int) func([]*Typed) string {
	return func(args []*Typed) string {
		if n, ok := literalInt(args[at]); ok && n > 0 {
			return ""
		}
		return fmt.Sprintf("Argument %d is a constant whole number from 1.", at+1)
	}
}

func checkOffset(args []*Typed) string {
	if len(args) < 2 {
		return ""
	}
	if n, ok := literalInt(args[1]); ok && n >= 0 {
		return ""
	}
	return "The offset is a constant whole number from 0."
}
