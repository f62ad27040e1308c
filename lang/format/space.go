package format

// space puts the blank lines where they belong.
func space(lines []line) []line {
	var out []line
	for i := 0; i < len(lines); i++ {
		if !lines[i].blank() {
			out = append(out, lines[i])
			continue
		}
		if len(out) > 0 && wanted(lines, i, out[len(out)-1]) {
			out = append(out, lines[i])
		}
	}
	return separate(out)
}

// wanted says whether a blank line of the source stays: one of several, and none beside the braces of a block.
func wanted(lines []line, i int, before line) bool {
	if before.blank() || before.opens {
		return false
	}
	for _, after := range lines[i+1:] {
		if !after.blank() {
			return !after.closes
		}
	}
	return false
}

// separate puts a blank line around blocks at the top of a file that take several lines, comments above them included.
func separate(lines []line) []line {
	var out []line
	for i, l := range lines {
		if i > 0 && !lines[i-1].blank() && !l.blank() && parted(lines, i) {
			out = append(out, line{})
		}
		out = append(out, l)
	}
	return out
}

// parted says whether a blank line must stand before a line.
func parted(lines []line, i int) bool {
	l, before := lines[i], lines[i-1]
	if l.depth > 0 || l.verbatim && !l.comment || l.closes {
		return false
	}
	if before.depth == 0 && before.closes {
		return true
	}
	if before.comment || before.verbatim {
		return false
	}
	return beginsBlock(lines, i) || before.short && beginsShort(lines, i) && before.kind != following(lines, i).kind
}

// beginsBlock says whether a line, or the comments that begin at it, leads a block of several lines.
func beginsBlock(lines []line, i int) bool { return following(lines, i).opens }

func beginsShort(lines []line, i int) bool { return following(lines, i).short }

// following is the first line from i on that is no comment.
func following(lines []line, i int) line {
	for _, l := range lines[i:] {
		if !l.comment && !l.verbatim {
			return l
		}
	}
	return line{}
}
