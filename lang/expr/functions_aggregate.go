package expr

func aggregateFunctions() []Builtin {
	agg := func(name, signature, doc, example string) Builtin {
		b := scalar(groupAgg, name, signature, doc, example)
		b.Kind = AggregateKind
		return b
	}
	sum := agg("sum", "(x N) N", "The sum; null where there is no value. Whole numbers give long, decimals decimal(38, s).", `sum(amount)`)
	sum.own = sumType
	sumIf := agg("sum_if", "(x N, condition boolean) N", "The sum over the rows where the condition is true.", `sum_if(amount, region == "eu")`)
	sumIf.own = sumType
	quantile := agg("quantile", "(x double, q double) double", "The value below which the share q of the rows lies, interpolated; q is a constant from 0 to 1.", `quantile(distance, 0.95)`)
	quantile.check = checkQuantile
	return []Builtin{
		agg("count", "() long", "The number of rows, or of those where x is not null.", `count()`).or("(x any) long"),
		agg("count_if", "(condition boolean) long", "The number of rows where the condition is true.", `count_if(amount > 100)`),
		agg("count_distinct", "(x any...) long", "The number of different values that are not null.", `count_distinct(region)`),
		sum, sumIf,
		agg("avg", "(x double) double", "The mean. Whole numbers and decimals are added exactly; the last digits of a mean of doubles depend on the order of rows.", `avg(amount)`),
		agg("min", "(x O) O", "The least value.", `min(order_date)`),
		agg("max", "(x O) O", "The greatest value.", `max(order_date)`),
		agg("arg_min", "(x O, by O2) O", "x of the row where by is least; among equals the least x.", `arg_min(name, updated_at)`),
		agg("arg_max", "(x O, by O2) O", "x of the row where by is greatest; among equals the greatest x.", `arg_max(name, updated_at)`),
		agg("median", "(x double) double", "The middle value, interpolated.", `median(distance)`),
		quantile,
		agg("stddev", "(x double) double", "The standard deviation of a sample.", `stddev(distance)`),
		agg("stddev_pop", "(x double) double", "The standard deviation of a whole population.", `stddev_pop(distance)`),
		agg("variance", "(x double) double", "The variance of a sample.", `variance(distance)`),
		agg("var_pop", "(x double) double", "The variance of a whole population.", `var_pop(distance)`),
		agg("bool_and", "(x boolean) boolean", "Whether all values are true.", `bool_and(paid)`),
		agg("bool_or", "(x boolean) boolean", "Whether any value is true.", `bool_or(paid)`),
		agg("string_agg", "(text string, separator literal, order O?) string", "The texts that are not null as one, ordered by themselves or by order.", `string_agg(name, ", ")`),
		agg("list_agg", "(x O, order O2?) list(O)", "The values that are not null as a list, ordered by themselves or by order.", `list_agg(name)`),
	}
}

func windowFunctions() []Builtin {
	window := func(name, signature, doc, example string) Builtin {
		b := scalar(groupWindow, name, signature, doc, example)
		b.Kind, b.Ordered = WindowKind, true
		return b
	}
	ntile := window("ntile", "(buckets long) long", "The number of the bucket, from 1, when the rows are dealt into so many of nearly equal size.", `ntile(4)`)
	ntile.check = checkPositive(0)
	nth := window("nth_value", "(x T, n long) T", "x of the n-th row.", `nth_value(amount, 2)`)
	nth.check = checkPositive(1)
	lag := window("lag", "(x T, offset long?, default T?) T", "x of the row before, or so many before.", `lag(amount)`)
	lag.check = checkOffset
	lead := window("lead", "(x T, offset long?, default T?) T", "x of the row after, or so many after.", `lead(amount)`)
	lead.check = checkOffset
	return []Builtin{
		window("row_number", "() long", "The number of the row, from 1. Ties in the order fall to all columns.", `row_number()`),
		window("rank", "() long", "The rank with gaps: equal rows share one.", `rank()`),
		window("dense_rank", "() long", "The rank without gaps.", `dense_rank()`),
		window("percent_rank", "() double", "The rank as a share from 0 to 1.", `percent_rank()`),
		window("cume_dist", "() double", "The share of rows up to this one.", `cume_dist()`),
		ntile, lag, lead,
		window("first_value", "(x T) T", "x of the first row.", `first_value(amount)`),
		window("last_value", "(x T) T", "x of the last row.", `last_value(amount)`),
		nth,
	}
}
