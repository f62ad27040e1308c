package expr

func numberFunctions() []Builtin {
	number := func(name, signature, doc, example string) Builtin {
		return scalar(groupNumber, name, signature, doc, example)
	}
	whole := func(name, signature, doc, example string) Builtin {
		b := number(name, signature, doc, example)
		b.own = wholeType
		return b
	}
	round := number("round", "(x N, digits long?) N", "The number rounded to so many digits after the point, none if left out; halves go away from zero.", `round(amount, 1)`)
	round.own = roundType
	return []Builtin{
		number("abs", "(x N) N", "The number without its sign.", `abs(balance)`),
		round,
		whole("floor", "(x N) N", "The greatest whole number that is not greater.", `floor(amount)`),
		whole("ceil", "(x N) N", "The least whole number that is not less.", `ceil(amount)`),
		whole("truncate", "(x N) N", "The number without what stands after its point.", `truncate(amount)`),
		number("div", "(a I, b I) I", "The whole-number quotient, rounded towards zero; null where b is 0.", `div(seconds_total, 60)`),
		number("mod", "(a N, b N) N", "The remainder of a division, with the sign of a; null where b is 0. The operator % is the same.", `mod(seconds_total, 60)`),
		number("power", "(x double, y double) double", "x to the power of y.", `power(distance, 2)`),
		number("sqrt", "(x double) double", "The square root; null for negative numbers.", `sqrt(distance)`),
		number("ln", "(x double) double", "The natural logarithm; null for 0 and negative numbers.", `ln(distance)`),
		number("log10", "(x double) double", "The logarithm to the base 10; null for 0 and negative numbers.", `log10(distance)`),
		number("exp", "(x double) double", "e to the power of x.", `exp(rate)`),
		number("sign", "(x N) int", "-1, 0 or 1.", `sign(balance)`),
		number("greatest", "(values O...) O", "The greatest of the values that are not null.", `greatest(amount, 0)`),
		number("least", "(values O...) O", "The least of the values that are not null.", `least(amount, 100)`),
		number("is_nan", "(x double) boolean", "Whether the number is NaN.", `is_nan(rate)`),
		number("is_finite", "(x double) boolean", "Whether the number is neither NaN nor infinite.", `is_finite(rate)`),
		number("sin", "(x double) double", "The sine of an angle in radians.", `sin(angle)`),
		number("cos", "(x double) double", "The cosine of an angle in radians.", `cos(angle)`),
		number("tan", "(x double) double", "The tangent of an angle in radians.", `tan(angle)`),
		number("asin", "(x double) double", "The arc sine; null outside of -1 to 1.", `asin(rate)`),
		number("acos", "(x double) double", "The arc cosine; null outside of -1 to 1.", `acos(rate)`),
		number("atan2", "(y double, x double) double", "The angle of the point (x, y) in radians.", `atan2(lat, lon)`),
		number("radians", "(degrees double) double", "Degrees in radians.", `radians(lat)`),
		number("degrees", "(radians double) double", "Radians in degrees.", `degrees(angle)`),
		number("pi", "() double", "The number π.", `pi()`),
	}
}
