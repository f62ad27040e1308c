package json

// extent finds where the value that begins at pos ends, looking at brackets and quotes alone: whether it is right JSON
// inside is for the parser to say. ok is false where the data ends first.
func extent(data []byte, pos int) (end int, ok bool) {
	switch data[pos] {
	case '{', '[':
		return container(data, pos)
	case '"':
		return quoted(data, pos+1)
	}
	for i := pos; i < len(data); i++ {
		switch data[i] {
		case ',', ']', '}', ' ', '\t', '\n', '\r':
			return i, true
		}
	}
	return len(data), false
}

func container(data []byte, pos int) (int, bool) {
	depth := 0
	for i := pos; i < len(data); i++ {
		switch data[i] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1, true
			}
		case '"':
			end, ok := quoted(data, i+1)
			if !ok {
				return len(data), false
			}
			i = end - 1
		}
	}
	return len(data), false
}

// quoted finds the end of a string from after its opening quote.
func quoted(data []byte, pos int) (int, bool) {
	for i := pos; i < len(data); i++ {
		switch data[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++
		}
	}
	return len(data), false
}

func skipBlank(data []byte, pos int) int {
	for pos < len(data) && (data[pos] == ' ' || data[pos] == '\t' || data[pos] == '\n' || data[pos] == '\r') {
		pos++
	}
	return pos
}
