package ducksql

import (
	"maps"
	"strconv"
	"sync"
)

// pattern finds how a function is written, for its number of arguments where that matters.
func pattern(name string, args int) (string, bool) {
	all := patterns()
	if p, ok := all[name+"/"+strconv.Itoa(args)]; ok {
		return p, true
	}
	p, ok := all[name]
	return p, ok
}

var patterns = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for _, group := range []map[string]string{texts(), numbers(), dates(), lists(), aggregates(), windows()} {
		maps.Copy(all, group)
	}
	return all
})

func texts() map[string]string {
	return map[string]string{
		"lower": "lower($1)", "upper": "upper($1)", "trim": "trim($*)", "ltrim": "ltrim($*)", "rtrim": "rtrim($*)",
		"length": "len($1)", "substr": "substr($*)", "left": "left($1, $2)", "right": "right($1, $2)",
		"replace": "replace($1, $2, $3)", "split": "string_split($1, $2)", "split_part": "split_part($1, $2, $3)",
		"join": "array_to_string($1, $2)", "lpad": "lpad($1, CAST($2 AS INTEGER), $3)", "rpad": "rpad($1, CAST($2 AS INTEGER), $3)",
		"repeat": "repeat($1, $2)", "reverse": "reverse($1)", "position": "strpos($1, $2)", "md5": "md5($1)", "sha256": "sha256($1)",
		"uuid": "CAST($1 AS UUID)", "json_extract": "json_extract_string($1, $2)", "to_json": "CAST(to_json($u1) AS VARCHAR)",
		"starts_with": "starts_with($1, $2)", "ends_with": "ends_with($1, $2)", "contains": "contains($1, $2)",
		"like": "($1 LIKE $2)", "ilike": "($1 ILIKE $2)", "regexp_matches": "regexp_matches($1, $2)",
		"regexp_extract/2": "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2) END",
		"regexp_extract/3": "CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, CAST($3 AS INTEGER)) END",
		"regexp_replace":   "regexp_replace($1, $2, $3, 'g')",
		"coalesce":         "coalesce($*)", "nullif": "nullif($1, $2)", "between": "($1 BETWEEN $2 AND $3)",
	}
}

// numbers guard the domain of functions that fail in DuckDB: a row that has no logarithm has none, and fails no run.
func numbers() map[string]string {
	return map[string]string{
		"abs": "CAST(abs($1) AS $t)", "div": "CAST(($1 // nullif($2, 0)) AS $t)", "mod": "CAST(($1 % nullif($2, 0)) AS $t)",
		"power": "pow($1, $2)", "exp": "exp($1)", "sign": "CAST(sign($1) AS INTEGER)",
		"sqrt": "sqrt(CASE WHEN $1 >= 0 THEN $1 END)", "ln": "ln(CASE WHEN $1 > 0 THEN $1 END)", "log10": "log10(CASE WHEN $1 > 0 THEN $1 END)",
		"greatest": "greatest($*)", "least": "least($*)", "is_nan": "isnan($1)", "is_finite": "isfinite($1)",
		"sin": "sin(CASE WHEN isfinite($1) THEN $1 END)", "cos": "cos(CASE WHEN isfinite($1) THEN $1 END)", "tan": "tan(CASE WHEN isfinite($1) THEN $1 END)",
		"asin": "asin(CASE WHEN $1 BETWEEN -1 AND 1 THEN $1 END)", "acos": "acos(CASE WHEN $1 BETWEEN -1 AND 1 THEN $1 END)",
		"atan2": "atan2($1, $2)", "radians": "radians($1)", "degrees": "degrees($1)", "pi": "pi()",
	}
}

func dates() map[string]string {
	return map[string]string{
		"date": "CAST($u1 AS DATE)", "time": "CAST($u1 AS TIME)", "timestamp": "CAST($u1 AS TIMESTAMP)",
		"timestamptz/1": "CAST($1 AS TIMESTAMP WITH TIME ZONE)", "timestamptz/2": "(CAST($1 AS TIMESTAMP) AT TIME ZONE $2)",
		"to_timezone": "($1 AT TIME ZONE $2)", "date_diff": "date_diff($1, $u2, $u3)",
		"make_date": "make_date($1, $2, $3)", "make_time": "make_time($1, $2, $3)", "make_timestamp": "make_timestamp($1, $2, $3, $4, $5, $6)",
		"last_day": "last_day($u1)", "strptime": "CAST(strptime($1, $2) AS $t)", "try_strptime": "CAST(try_strptime($1, $2) AS $t)",
		"strftime": "strftime($u1, $2)", "epoch": "epoch(CAST($u1 AS TIMESTAMP))", "epoch_ms": "epoch_ms(CAST($u1 AS TIMESTAMP))",
		"from_epoch": "to_timestamp($1)", "from_epoch_ms": "(epoch_ms($1) AT TIME ZONE 'UTC')",
		"now": instant, "today": "CAST((" + instant + " AT TIME ZONE 'UTC') AS DATE)",
		"monthname": "monthname($u1)", "dayname": "dayname($u1)",
		"years": "to_years(CAST($1 AS INTEGER))", "months": "to_months(CAST($1 AS INTEGER))", "weeks": "to_weeks(CAST($1 AS INTEGER))",
		"days": "to_days(CAST($1 AS INTEGER))", "hours": "to_hours($1)", "minutes": "to_minutes($1)",
		"seconds": "to_seconds($1)", "milliseconds": "to_milliseconds($1)",
	}
}

func lists() map[string]string {
	return map[string]string{
		"element": "CASE WHEN $2 >= 0 THEN list_extract($1, $2 + 1) END", "list_contains": "list_contains($1, $2)",
		"list_distinct": "list_sort(list_distinct($1))", "list_sort": "list_sort($1, 'ASC', 'NULLS LAST')", "list_reverse": "list_reverse($1)",
		"list_concat": "list_concat($1, $2)", "list_min": "list_min($1)", "list_max": "list_max($1)", "list_sum": "CAST(list_sum($1) AS $t)",
		"flatten": "flatten($1)", "keys": "map_keys($1)", "values": "map_values($1)", "get": "$1[$2]",
	}
}

// aggregates that depend on the order of rows are given one.
func aggregates() map[string]string {
	return map[string]string{
		"count/0": "count(*)$over ", "count/1": "count($1)$over ", "count_if": "count(*) FILTER (WHERE $1)$over ",
		"sum": "CAST(sum($1)$over  AS $t)", "sum_if": "CAST(sum($1) FILTER (WHERE $2)$over  AS $t)",
		"min": "min($1)$over ", "max": "max($1)$over ",
		"arg_min": "(min(struct_pack(b := $2, x := $1)) FILTER (WHERE $2 IS NOT NULL)$over )['x']",
		"arg_max": "(max(struct_pack(b := $2, x := $1)) FILTER (WHERE $2 IS NOT NULL)$over )['x']",
		"median":  "median($1)$over ", "quantile": "quantile_cont($1, $2)$over ",
		"stddev": "stddev_samp($1)$over ", "stddev_pop": "stddev_pop($1)$over ", "variance": "var_samp($1)$over ", "var_pop": "var_pop($1)$over ",
		"bool_and": "bool_and($1)$over ", "bool_or": "bool_or($1)$over ",
		"string_agg/2": "string_agg($1, $2 ORDER BY $1)$over ", "string_agg/3": "string_agg($1, $2 ORDER BY $3 NULLS LAST, $1)$over ",
		"list_agg/1": "list($1 ORDER BY $1) FILTER (WHERE $1 IS NOT NULL)$over ",
		"list_agg/2": "list($1 ORDER BY $2 NULLS LAST, $1) FILTER (WHERE $1 IS NOT NULL)$over ",
	}
}

// windows: $over+ breaks ties by all columns, $over= does and looks at the whole partition.
func windows() map[string]string {
	return map[string]string{
		"row_number": "row_number()$over+", "rank": "rank()$over ", "dense_rank": "dense_rank()$over ", "percent_rank": "percent_rank()$over ",
		"cume_dist": "cume_dist()$over ", "ntile": "ntile($1)$over+", "lag": "lag($*)$over+", "lead": "lead($*)$over+",
		"first_value": "first_value($1)$over=", "last_value": "last_value($1)$over=", "nth_value": "nth_value($1, $2)$over=",
	}
}
