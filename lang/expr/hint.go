package expr

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// commentHint finds `//` right after an expression: to HCL it starts a comment, so a division would vanish silently.
func commentHint(e hcl.Expression, env Env) hcl.Diagnostics {
	rng := e.Range()
	file := env.Files[rng.Filename]
	if file == nil || rng.End.Byte > len(file.Bytes) {
		return nil
	}
	rest := bytes.TrimLeft(file.Bytes[rng.End.Byte:], " \t)")
	if !bytes.HasPrefix(rest, []byte("//")) {
		return nil
	}
	at := rng.End.Byte + bytes.Index(file.Bytes[rng.End.Byte:], []byte("//"))
	start := rng.End
	start.Column += at - start.Byte
	start.Byte = at
	end := start
	end.Byte, end.Column = end.Byte+2, end.Column+2
	return problem(hcl.Range{Filename: rng.Filename, Start: start, End: end}, "Comment after an expression",
		"In HCL // starts a comment, so what follows is ignored. For a whole-number division write div(a, b); for a comment after a column expression write #.")
}

// callHints recognise what people write from habit.
func callHints(e *hclsyntax.FunctionCallExpr) hcl.Diagnostics {
	switch {
	case strings.Contains(e.Name, "::"):
		x, ty, _ := strings.Cut(e.Name, "::")
		return problem(e.NameRange, "Unknown operator", fmt.Sprintf(
			"The :: of SQL is written as a call here: cast(%s, %s(…)).", x, ty))
	case e.ExpandFinal:
		return problem(e.Range(), "Invalid column expression",
			"Arguments can't be expanded with ... in a column expression. Write them out.")
	case e.Name == "asc" || e.Name == "desc":
		return problem(e.NameRange, "Sort order outside of a sort", fmt.Sprintf(
			"%s(x) says how to order and stands in the keys of an order only, such as order = [%s(departed_at)].", e.Name, e.Name))
	case e.Name == "latest" || e.Name == "earliest":
		return problem(e.NameRange, "Sort order outside of a sort", fmt.Sprintf(
			"%s(x) says which row dedupe keeps and stands in keep only: keep = %s(updated_at).", e.Name, e.Name))
	}
	return nil
}

// foreign says what to write for a function of other dialects.
func foreign(name string) (string, bool) {
	equivalents := map[string]string{
		"ifnull": "coalesce(a, b)", "nvl": "coalesce(a, b)", "isnull": "x == null", "iif": "cond ? a : b", "iff": "cond ? a : b",
		"if": "cond ? a : b", "case": "cond ? a : b", "decode": "cond ? a : b", "len": "length(x)", "size": "length(x)",
		"datediff": "date_diff(\"day\", a, b)", "dateadd": "x + days(n)", "to_date": "date(x)", "to_timestamp": "timestamp(x)",
		"format_date": "strftime(x, format)", "date_format": "strftime(x, format)", "to_char": "strftime(x, format)",
		"parse_date": "strptime(x, format)", "current_date": "today()", "current_timestamp": "now()", "getdate": "now()",
		"timestamp_trunc": "date_trunc(unit, x)", "trunc": "date_trunc(unit, x) for dates and truncate(x) for numbers",
		"extract": "date_part(unit, x)", "strpos": "position(text, part)", "instr": "position(text, part)", "charindex": "position(text, part)",
		"substring": "substr(x, start, length)", "mid": "substr(x, start, length)", "ucase": "upper(x)", "lcase": "lower(x)", "trimspace": "trim(x)",
		"regexp_like": "regexp_matches(x, pattern)", "rlike": "regexp_matches(x, pattern)", "regex": "regexp_extract(x, pattern)",
		"to_number": "cast(x, decimal(18, 2))", "tonumber": "cast(x, double)", "to_string": "cast(x, string)", "tostring": "cast(x, string)",
		"tobool": "cast(x, boolean)", "string": "cast(x, string)", "int": "cast(x, int)", "long": "cast(x, long)", "double": "cast(x, double)",
		"float": "cast(x, float)", "decimal": "cast(x, decimal(p, s))", "boolean": "cast(x, boolean)", "bool": "cast(x, boolean)",
		"pow": "power(x, y)", "ceiling": "ceil(x)", "log": "ln(x) or log10(x)", "array_length": "length(x)", "cardinality": "length(x)",
		"array_contains": "list_contains(list, x)", "array_agg": "list_agg(x)", "collect_list": "list_agg(x)", "group_concat": "string_agg(x, \", \")",
		"listagg": "string_agg(x, \", \")", "countif": "count_if(condition)", "sumif": "sum_if(x, condition)", "mean": "avg(x)", "average": "avg(x)",
		"every": "bool_and(x)", "some": "bool_or(x)", "stddev_samp": "stddev(x)", "var_samp": "variance(x)", "percentile": "quantile(x, 0.5)",
		"max_by": "arg_max(x, by)", "min_by": "arg_min(x, by)", "format": "a template: \"${a}-${b}\"", "concat_ws": "join([a, b], \", \")",
		"isnan": "is_nan(x)", "not": "!x", "and": "a && b", "or": "a || b", "is_not_null": "x != null", "is_null": "x == null",
	}
	if write, ok := equivalents[name]; ok {
		return "Write " + write + ".", true
	}
	switch name {
	case "random", "rand", "gen_random_uuid", "newid":
		return "It would give other values at every run, so that a table could never be recomputed. Derive a key from the row instead, such as sha256(concat(a, b)).", true
	case "any_value", "first", "last", "arbitrary":
		return "It would give any row's value, so that results differ between runs. Say which: min(x), max(x), arg_min(x, by) or arg_max(x, by).", true
	case "approx_count_distinct", "approx_distinct":
		return "It would give slightly different values at every run. Write count_distinct(x).", true
	}
	return "", false
}

// listing is names as a person lists them, the first twenty.
func listing(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
