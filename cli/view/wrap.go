package view

import "strings"

// wrap breaks paragraphs at words so that no line is wider than the width, if its words allow. Lines that start with
// a space are kept as they are: examples and lists.
func wrap(text string, width int) []string {
	var lines []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		if strings.HasPrefix(paragraph, " ") {
			lines = append(lines, paragraph)
			continue
		}
		lines = append(lines, fill(paragraph, width)...)
	}
	return lines
}

// fill sets the words of one paragraph in lines.
func fill(paragraph string, width int) []string {
	var lines []string
	line, used := "", 0
	for _, word := range strings.Fields(paragraph) {
		w := columns(word)
		if line != "" && used+1+w > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+w
	}
	return append(lines, line)
}

// indent puts the same prefix before each line.
func indent(lines []string, prefix string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimRight(prefix+line, " ")
	}
	return out
}
