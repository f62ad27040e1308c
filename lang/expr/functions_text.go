package expr

const (
	groupText   = "strings"
	groupNumber = "numbers"
	groupDate   = "dates and times"
	groupNull   = "null"
	groupList   = "lists, maps and objects"
	groupAgg    = "aggregates"
	groupWindow = "windows"
)

func scalar(group, name, signature, doc, example string) Builtin {
	return Builtin{Name: name, Group: group, Kind: Scalar, Doc: doc, Example: example, Signatures: []string{name + signature}}
}

func (b Builtin) or(signatures ...string) Builtin {
	for _, s := range signatures {
		b.Signatures = append(b.Signatures, b.Name+s)
	}
	return b
}

func stringFunctions() []Builtin {
	text := func(name, signature, doc, example string) Builtin {
		return scalar(groupText, name, signature, doc, example)
	}
	extract := text("json_extract", "(json string, path literal) string", "The value at a path of a JSON text, as text; null where there is none.", `json_extract(payload, "$.user.id")`)
	extract.check = checkPath
	return []Builtin{
		extract,
		text("lower", "(text string) string", "The text in lower case.", `lower(email)`),
		text("upper", "(text string) string", "The text in upper case.", `upper(code)`),
		text("trim", "(text string, characters string?) string", "The text without spaces, or the given characters, at both ends.", `trim(name)`),
		text("ltrim", "(text string, characters string?) string", "The text without spaces, or the given characters, at its start.", `ltrim(code, "0")`),
		text("rtrim", "(text string, characters string?) string", "The text without spaces, or the given characters, at its end.", `rtrim(name)`),
		text("length", "(text string) long", "The number of characters of a text, elements of a list or entries of a map.", `length(name)`).
			or("(list list(T)) long", "(map map(K, V)) long"),
		text("substr", "(text string, start long, length long?) string", "The part of the text from the character start, counted from 1.", `substr(code, 1, 3)`),
		text("left", "(text string, count long) string", "The first characters of the text.", `left(code, 2)`),
		text("right", "(text string, count long) string", "The last characters of the text.", `right(code, 2)`),
		text("replace", "(text string, part string, with string) string", "The text with every occurrence of part replaced.", `replace(phone, " ", "")`),
		text("split", "(text string, separator string) list(string)", "The parts of the text between separators.", `split(tags, ",")`),
		text("split_part", "(text string, separator string, index long) string", "One of the parts between separators, counted from 1; empty where there is none.", `split_part(email, "@", 2)`),
		text("concat", "(parts text...) string", "The parts as one text; null where a part is null. A template \"${a}-${b}\" is the same.", `concat(first, " ", last)`),
		text("join", "(list list(string), separator string) string", "The elements that are not null as one text with separators between them.", `join([first, last], " ")`),
		text("lpad", "(text string, length long, with string) string", "The text filled up at its start, or cut, to this length.", `lpad(code, 5, "0")`),
		text("rpad", "(text string, length long, with string) string", "The text filled up at its end, or cut, to this length.", `rpad(code, 5, " ")`),
		text("repeat", "(text string, count long) string", "The text this many times.", `repeat("*", stars)`),
		text("reverse", "(text string) string", "The characters in reverse order.", `reverse(code)`),
		text("position", "(text string, part string) long", "Where the part first stands in the text, from 1; 0 where it doesn't.", `position(email, "@")`),
		text("md5", "(text string) string", "The MD5 of the text in hexadecimal digits.", `md5(email)`),
		text("sha256", "(text string) string", "The SHA-256 of the text in hexadecimal digits.", `sha256(email)`),
		text("hash", "(values any...) string", "A short text that is equal for equal values, for keys made of several columns.", `hash(name)`),
		text("uuid", "(text string) uuid", "The text as a UUID.", `uuid(id_text)`),
		text("to_json", "(value T) string", "The value as JSON text.", `to_json(tags_list)`),
	}
}

func patternFunctions() []Builtin {
	text := func(name, signature, doc, example string) Builtin {
		return scalar(groupText, name, signature, doc, example)
	}
	regex := func(name, signature, doc, example string) Builtin {
		b := text(name, signature, doc, example)
		b.check = checkPattern
		return b
	}
	extract := regex("regexp_extract", "(text string, pattern literal, group long?) string", "What the regular expression, or one of its groups, matches first; null where nothing does.", `regexp_extract(name, "([0-9]+)", 1)`)
	extract.check = checkGroup
	return []Builtin{
		extract,
		text("starts_with", "(text string, part string) boolean", "Whether the text starts with the part.", `starts_with(code, "A")`),
		text("ends_with", "(text string, part string) boolean", "Whether the text ends with the part.", `ends_with(path_text, ".csv")`),
		text("contains", "(text string, part string) boolean", "Whether the part stands anywhere in the text.", `contains(name, "Ltd")`),
		text("like", "(text string, pattern string) boolean", "Whether the whole text matches: % is any characters, _ is one.", `like(email, "%@%")`),
		text("ilike", "(text string, pattern string) boolean", "like without regard to case.", `ilike(name, "%inc%")`),
		regex("regexp_matches", "(text string, pattern literal) boolean", "Whether the regular expression (RE2) matches anywhere in the text.", `regexp_matches(code, "^[A-Z]{3}$")`),
		regex("regexp_replace", "(text string, pattern literal, with string) string", "The text with every match of the regular expression replaced; \\1 is the first group.", `regexp_replace(phone, "[^0-9]", "")`),
	}
}

func nullFunctions() []Builtin {
	return []Builtin{
		scalar(groupNull, "coalesce", "(values T...) T", "The first value that is not null.", `coalesce(nickname, name)`),
		scalar(groupNull, "nullif", "(value T, other T) T", "Null where both are equal, else the first.", `nullif(name, "")`),
		scalar(groupNull, "in", "(value T, values list(T)) boolean", "Whether the value is one of a list.", `in(region, ["eu", "us"])`),
		scalar(groupNull, "between", "(value O, low O, high O) boolean", "Whether the value lies between two others or is one of them.", `between(amount, 0, 100)`),
	}
}
