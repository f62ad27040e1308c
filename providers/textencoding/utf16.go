package textencoding

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/automic-etl/etl/providers/filesource"
)

// utf16Reader turns UTF-16 into UTF-8. Half a surrogate pair becomes bytes that are no valid UTF-8, so that its row is
// reported as bad instead of silently changed.
type utf16Reader struct {
	in      *bufio.Reader
	order   binary.ByteOrder
	path    string
	pending rune // a unit read ahead of its turn, or -1
	out     []byte
	ended   bool
}

func decodeUTF16(in *bufio.Reader, head []byte, encoding, path string) (io.Reader, error) {
	little, big := bytes.HasPrefix(head, []byte{0xff, 0xfe}), bytes.HasPrefix(head, []byte{0xfe, 0xff})
	r := &utf16Reader{in: in, order: binary.LittleEndian, path: path, pending: -1}
	if encoding == "utf-16be" || encoding == "utf-16" && big {
		r.order = binary.BigEndian
	}
	if encoding == "utf-16" && !little && !big && len(head) > 0 {
		return nil, filesource.Problem("Unknown byte order", fmt.Sprintf("%s has no byte order mark, so that the order of its bytes "+
			"is not known. Write encoding = \"utf-16le\" or \"utf-16be\".", path), "encoding")
	}
	if little && r.order == binary.LittleEndian || big && r.order == binary.BigEndian {
		if _, err := in.Discard(2); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *utf16Reader) Read(p []byte) (int, error) {
	for len(r.out) < len(p) && !r.ended {
		if err := r.decode(); errors.Is(err, io.EOF) {
			r.ended = true
		} else if err != nil {
			return 0, err
		}
	}
	n := copy(p, r.out)
	r.out = append(r.out[:0], r.out[n:]...)
	if n == 0 && r.ended && len(p) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (r *utf16Reader) decode() error {
	unit, err := r.unit()
	if err != nil {
		return err
	}
	if !utf16.IsSurrogate(unit) {
		r.out = utf8.AppendRune(r.out, unit)
		return nil
	}
	low, err := r.unit()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if full := utf16.DecodeRune(unit, low); err == nil && full != utf8.RuneError {
		r.out = utf8.AppendRune(r.out, full)
		return nil
	}
	// The three bytes that the half would have, if it were a character.
	r.out = append(r.out, 0xe0|byte(unit>>12), 0x80|byte(unit>>6)&0x3f, 0x80|byte(unit)&0x3f)
	if err == nil {
		r.pending = low
	}
	return nil
}

func (r *utf16Reader) unit() (rune, error) {
	if r.pending >= 0 {
		unit := r.pending
		r.pending = -1
		return unit, nil
	}
	var two [2]byte
	_, err := io.ReadFull(r.in, two[:])
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, filesource.Problem("Damaged file", fmt.Sprintf("%s has an odd number of bytes, which UTF-16 never has. It was cut "+
			"off, or is in another encoding.", r.path), "encoding")
	}
	return rune(r.order.Uint16(two[:])), err
}
