package filesource

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"

	"github.com/klauspost/compress/zstd"

	"github.com/automic-etl/etl/plugins/sdk"
)

// cursorVersion grows when older providers could no longer read what is written.
const cursorVersion = 1

// plainLimit is the size from which a cursor is worth compressing.
const plainLimit = 4 << 10

// cursor is what was read: in incremental mode the set of files, sorted by path; of a batch the fingerprint alone. As the
// bound of a read, it has the files to read in either mode.
type cursor struct {
	fingerprint string
	files       []File // without Abs and Inode
}

// cursorJSON has a list an attribute: a hundred thousand files are read back in a fraction of the time that as many
// objects would take.
type cursorJSON struct {
	Version     int      `json:"v"`
	Fingerprint string   `json:"fingerprint,omitempty"`
	Paths       []string `json:"path"`
	Sizes       []int64  `json:"size"`
	Mtimes      []int64  `json:"mtime_ns"`
	SHA256      []byte   `json:"sha256"` // 32 bytes a file
}

func (c cursor) encode() ([]byte, error) {
	out := cursorJSON{Version: cursorVersion, Fingerprint: c.fingerprint}
	for _, f := range c.files {
		if len(f.SHA256) != shaSize {
			return nil, fmt.Errorf("recording %s: its hash is not known. This is a bug in etl", f.Path)
		}
		out.Paths = append(out.Paths, f.Path)
		out.Sizes = append(out.Sizes, f.Size)
		out.Mtimes = append(out.Mtimes, f.MtimeNS)
		out.SHA256 = append(out.SHA256, f.SHA256...)
	}
	text, err := json.Marshal(out)
	if err != nil || len(text) < plainLimit {
		return text, err
	}
	return pack(text)
}

func decodeCursor(data []byte) (cursor, sdk.Diagnostics) {
	if len(data) == 0 {
		return cursor{}, nil
	}
	text, err := unpack(data)
	if err != nil {
		return cursor{}, unreadableCursor(err)
	}
	var in cursorJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return cursor{}, unreadableCursor(err)
	}
	if in.Version > cursorVersion {
		return cursor{}, Problem("Cursor of a newer version", fmt.Sprintf("The recorded cursor has version %d, and this "+
			"version of etl reads %d at most. Use the version of etl that wrote it, or a newer one.", in.Version, cursorVersion))
	}
	n := len(in.Paths)
	if len(in.Sizes) != n || len(in.Mtimes) != n || len(in.SHA256) != n*shaSize {
		return cursor{}, unreadableCursor(fmt.Errorf("its lists differ in length"))
	}
	c := cursor{fingerprint: in.Fingerprint, files: make([]File, n)}
	hashes := string(in.SHA256)
	for i := range c.files {
		c.files[i] = File{
			Path: in.Paths[i], Size: in.Sizes[i], MtimeNS: in.Mtimes[i], SHA256: hashes[i*shaSize : (i+1)*shaSize],
		}
	}
	return c, nil
}

func unreadableCursor(err error) sdk.Diagnostics {
	return Problem("Unreadable cursor", fmt.Sprintf("The cursor that was recorded with this table's last commit can't be read: "+
		"%s. Roll the table back to an older snapshot, or rebuild it.", err))
}

// with adds files, which replace those of the same path.
func (c cursor) with(files []File) cursor {
	byPath := make(map[string]File, len(c.files)+len(files))
	for _, f := range c.files {
		byPath[f.Path] = f
	}
	for _, f := range files {
		byPath[f.Path] = f
	}
	merged := make([]File, 0, len(byPath))
	for _, f := range byPath {
		merged = append(merged, f)
	}
	sort.Slice(merged, func(i, j int) bool { return merged[i].Path < merged[j].Path })
	return cursor{fingerprint: c.fingerprint, files: merged}
}

// without are those of the files that the cursor doesn't have.
func (c cursor) without(files []File) []File {
	read := make(map[string]bool, len(c.files))
	for _, f := range c.files {
		read[f.Path] = true
	}
	return slices.DeleteFunc(files, func(f File) bool { return read[f.Path] })
}

var zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// maxUnpacked stops a damaged cursor from filling the memory; a million files take a tenth of it.
const maxUnpacked = 1 << 30

func pack(text []byte) ([]byte, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return encoder.EncodeAll(text, nil), encoder.Close()
}

func unpack(data []byte) ([]byte, error) {
	if !bytes.HasPrefix(data, zstdMagic) {
		return data, nil
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxUnpacked))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	return decoder.DecodeAll(data, nil)
}
