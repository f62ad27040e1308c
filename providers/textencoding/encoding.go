// Package textencoding turns the text of files into UTF-8.
package textencoding

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/transform"

	"github.com/automic-etl/etl/providers/filesource"
)

// Names are the encodings that a user can write.
func Names() []string {
	return []string{"utf-8", "utf-16", "utf-16le", "utf-16be", "latin-1", "windows-1252"}
}

// Decode turns a file's text into UTF-8 and drops its byte order mark. It reads through a buffer of the given size, of
// at least 4 KiB.
func Decode(in io.Reader, encoding, path string, buffer int) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, buffer)
	head, err := buffered.Peek(4 << 10)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch encoding {
	case "latin-1":
		return transform.NewReader(buffered, charmap.ISO8859_1.NewDecoder()), nil
	case "windows-1252":
		return transform.NewReader(buffered, charmap.Windows1252.NewDecoder()), nil
	case "utf-16", "utf-16le", "utf-16be":
		return decodeUTF16(buffered, head, encoding, path)
	}
	if err := refuseWide(head, path); err != nil {
		return nil, err
	}
	if bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf}) {
		_, err = buffered.Discard(3)
	} else {
		err = nil
	}
	return buffered, err
}

// refuseWide recognises UTF-16 by its mark or its zero bytes, and what is no text at all.
func refuseWide(head []byte, path string) error {
	if bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff}) {
		return filesource.Problem("File is in UTF-16", fmt.Sprintf("%s begins with the byte order mark of UTF-16, and is read as "+
			"UTF-8. Write encoding = \"utf-16\".", path), "encoding")
	}
	odd, even := zeros(head)
	switch {
	case odd+even == 0:
		return nil
	case odd > len(head)/8 && even < odd/8:
		return filesource.Problem("File is in UTF-16", fmt.Sprintf("In %s every second byte is zero, as in UTF-16, and it is read as "+
			"UTF-8. Write encoding = \"utf-16le\".", path), "encoding")
	case even > len(head)/8 && odd < even/8:
		return filesource.Problem("File is in UTF-16", fmt.Sprintf("In %s every second byte is zero, as in UTF-16, and it is read as "+
			"UTF-8. Write encoding = \"utf-16be\".", path), "encoding")
	}
	return filesource.Problem("Not a text file", fmt.Sprintf("The beginning of %s holds zero bytes, which no text does: it is "+
		"binary data. Check the path, and whether the file is compressed in a way other than gzip and zstd.", path), "path")
}

func zeros(head []byte) (odd, even int) {
	for i, c := range head {
		if c == 0 && i%2 == 1 {
			odd++
		} else if c == 0 {
			even++
		}
	}
	return odd, even
}
