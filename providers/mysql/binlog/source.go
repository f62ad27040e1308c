package binlog

import (
	"bytes"
	"fmt"
)

// source reads bytes from the front. What is missing reads as zeros, and is reported once at the end.
type source struct {
	data  []byte
	short bool
}

func (s *source) take(n int) []byte {
	if n < 0 || n > len(s.data) {
		s.short = true
		s.data = nil
		return make([]byte, max(min(n, 64), 0))
	}
	taken := s.data[:n]
	s.data = s.data[n:]
	return taken
}

// little is a whole number, its least byte first.
func (s *source) little(n int) uint64 {
	var v uint64
	for i, b := range s.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// big is a whole number, its greatest byte first.
func (s *source) big(n int) uint64 {
	var v uint64
	for _, b := range s.take(n) {
		v = v<<8 | uint64(b)
	}
	return v
}

// counted are bytes behind their number, which is written in n bytes.
func (s *source) counted(n int) []byte { return s.take(int(s.little(n))) }

func (s *source) err(what string) error {
	if s.short {
		return fmt.Errorf("%s ends too early", what)
	}
	return nil
}

// signed gives a number of n bytes its sign.
func signed(v uint64, n int) int64 {
	shift := 64 - 8*n
	return int64(v<<shift) >> shift
}

func isSet(bits []byte, i int) bool { return i>>3 < len(bits) && bits[i>>3]&(1<<(i&7)) != 0 }

func ones(bits []byte, n int) (count int) {
	for i := range n {
		if isSet(bits, i) {
			count++
		}
	}
	return count
}

func trimmed(text []byte) []byte { return bytes.TrimSpace(text) }
