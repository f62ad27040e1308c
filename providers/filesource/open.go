package filesource

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Stream is the text of a file, decompressed. Raw counts the bytes of the file that were read.
type Stream struct {
	io.Reader
	Compressed bool
	size       int64 // of the file
	raw        *counted
	close      []func() error
}

// Buffer is a fitting size for a buffer of at most so many bytes: a hundred thousand small files are not to clear a
// large buffer each.
func (s *Stream) Buffer(most int) int {
	const least, ratio = 4 << 10, 10
	size := s.size + 1
	if s.Compressed {
		size *= ratio
	}
	return int(max(least, min(int64(most), size)))
}

// Raw is how much of the file was read so far.
func (s *Stream) Raw() int64 { return s.raw.n }

// Close releases the file.
func (s *Stream) Close() error {
	var err error
	for _, f := range s.close {
		err = errors.Join(err, f())
	}
	return err
}

type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

// OpenText opens a file and undoes its compression. Damage found later is reported by Read as a Failure.
func OpenText(ctx context.Context, f File, compression string) (*Stream, error) {
	in, err := os.Open(f.Abs)
	if err != nil {
		return nil, err
	}
	raw := &counted{Reader: &cancelled{ctx, in}}
	s := &Stream{raw: raw, size: f.Size, close: []func() error{in.Close}}
	if err := s.decompress(f, compression); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Stream) decompress(f File, compression string) error {
	buffered := bufio.NewReaderSize(s.raw, s.Buffer(256<<10))
	if compression == "auto" || compression == "" {
		head, err := buffered.Peek(4)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if compression, err = detect(f, head); err != nil {
			return err
		}
	}
	s.Compressed = compression != "none"
	switch compression {
	case "gzip":
		reader, err := gzip.NewReader(buffered)
		if err != nil {
			return damaged(f, "gzip", err)
		}
		s.Reader = &intact{reader, f, "gzip"}
	case "zstd":
		reader, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return damaged(f, "zstd", err)
		}
		s.close = append([]func() error{func() error { reader.Close(); return nil }}, s.close...)
		s.Reader = &intact{reader, f, "zstd"}
	default:
		s.Reader = buffered
	}
	return nil
}

// detect goes by the first bytes. A name that promises a compression which the bytes don't have is an error: guessing
// would load garbage.
func detect(f File, head []byte) (string, error) {
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		return "gzip", nil
	case bytes.HasPrefix(head, zstdMagic):
		return "zstd", nil
	case len(head) > 0 && strings.HasSuffix(strings.ToLower(f.Path), ".gz"):
		return "", mislabelled(f, "gzip")
	case len(head) > 0 && strings.HasSuffix(strings.ToLower(f.Path), ".zst"):
		return "", mislabelled(f, "zstd")
	}
	return "none", nil
}

func mislabelled(f File, format string) error {
	return Problem("Not a compressed file", fmt.Sprintf("The name of %s says that it is compressed with %s, but its first bytes are "+
		"not those of a %s file. If it is plain text, write compression = \"none\".", f.Path, format, format), "compression")
}

func damaged(f File, format string, err error) error {
	return Problem("Damaged compressed file", fmt.Sprintf("%s can't be decompressed with %s: %s. The file is damaged or was cut off; "+
		"nothing of it is loaded. Get it again from where it came.", f.Path, format, why(err)), "path")
}

func why(err error) string {
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch):
		return "its checksum does not match its content"
	case errors.Is(err, gzip.ErrHeader):
		return "it does not begin like such a file"
	case errors.As(err, &corrupt):
		return "its content is corrupt"
	}
	return strings.TrimPrefix(err.Error(), "gzip: ")
}

// intact reports what a decompressor finds wrong as damage of the file.
type intact struct {
	io.Reader
	file   File
	format string
}

func (i *intact) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		err = damaged(i.file, i.format, err)
	}
	return n, err
}
