package json

import (
	"bytes"
	"path"
	"strings"

	"github.com/automic-etl/etl/providers/jsonvalue"
)

// layout is how a file holds its rows.
type layout string

const (
	auto     layout = "auto"
	lines    layout = "lines"
	array    layout = "array"
	document layout = "document" // values one after the other, each over any number of lines
)

// layouts are the names that a user can write.
func layouts() []string {
	return []string{string(auto), string(lines), string(array), string(document)}
}

// detect goes by the name where that says it all, and else by the beginning: an array, a line that is a whole value, or
// a value that spans lines.
func detect(name string, head []byte) layout {
	for _, suffix := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(strings.ToLower(name), suffix)
	}
	if ext := path.Ext(name); ext == ".jsonl" || ext == ".ndjson" {
		return lines
	}
	start := bytes.TrimLeft(head, " \t\r\n")
	if len(start) > 0 && start[0] == '[' {
		return array
	}
	first, rest, found := bytes.Cut(start, []byte("\n"))
	var d jsonvalue.Document
	if _, err := d.Parse(first); err == nil {
		return lines
	}
	if next := bytes.TrimLeft(rest, " \t\r\n"); found && len(next) > 0 && next[0] == '{' && whole(first) {
		return lines // the first line is broken, and yet each line is meant to be a value
	}
	return document
}

// whole holds for a line that looks like an object from its first to its last character.
func whole(line []byte) bool {
	line = bytes.TrimRight(line, " \t\r")
	return bytes.HasPrefix(line, []byte("{")) && bytes.HasSuffix(line, []byte("}"))
}
