package config

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// alignment finds the place in a file that a byte of a text came from, where indentation was taken off and escapes were
// replaced on the way from the file to the text.
type alignment struct {
	value   string
	src     []byte // of the whole file
	start   hcl.Pos
	escapes bool // a text in quotes
}

// position is where a byte of the value stands.
func (a *alignment) position(offset int) hcl.Pos {
	offset = min(offset, len(a.value))
	at, i := a.start.Byte, 0
	for i < offset && at < len(a.src) {
		n, m := a.step(i, at)
		i, at = i+n, at+m
	}
	at = a.skip(i, at)
	return a.pos(min(at, len(a.src)))
}

// step says how many bytes of the value and of the source belong together.
func (a *alignment) step(i, at int) (int, int) {
	value, src := a.value[i:], a.src[at:]
	switch {
	case a.escapes && src[0] == '\\':
		return escape(src)
	case doubled(src) && (value[0] == src[0]):
		return 2, 3 // $${ stands for ${
	case value[0] == src[0]:
		return 1, 1
	}
	return 0, 1 // indentation
}

// skip goes over indentation that was taken off before the wanted byte.
func (a *alignment) skip(i, at int) int {
	if a.escapes || i >= len(a.value) {
		return at
	}
	for at < len(a.src) && a.src[at] != a.value[i] && (a.src[at] == ' ' || a.src[at] == '\t') {
		at++
	}
	return at
}

func doubled(src []byte) bool {
	return bytes.HasPrefix(src, []byte("$${")) || bytes.HasPrefix(src, []byte("%%{"))
}

// escape is the length of an escape sequence in the source, and of what it stands for.
func escape(src []byte) (int, int) {
	if len(src) < 2 {
		return 1, len(src)
	}
	size := map[byte]int{'u': 6, 'U': 10}[src[1]]
	if size == 0 || len(src) < size {
		return 1, 2
	}
	code, err := strconv.ParseUint(string(src[2:size]), 16, 32)
	if err != nil {
		return 1, 2
	}
	return max(1, utf8.RuneLen(rune(code))), size
}

// pos is a byte of the file as a position, counting from the start of the text.
func (a *alignment) pos(at int) hcl.Pos {
	between := a.src[a.start.Byte:at]
	line := a.start.Line + bytes.Count(between, []byte{'\n'})
	column := a.start.Column + utf8.RuneCount(between)
	if newline := bytes.LastIndexByte(between, '\n'); newline >= 0 {
		column = 1 + utf8.RuneCount(between[newline+1:])
	}
	return hcl.Pos{Line: line, Column: column, Byte: at}
}
