// Package syntax reads the files of a project and parses them, going on after mistakes so that all are reported at once.
package syntax

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/lang/diag"
)

// Extension ends the names of a project's files.
const Extension = ".etl.hcl"

// File is a parsed file.
type File struct {
	Name  string // relative to the project's folder
	Bytes []byte
	Body  *hclsyntax.Body
	// Lost are the parts with a syntax error. In the body an attribute stands for each, whose value is an error, or a block.
	Lost []hcl.Range
	// Unread says that nothing of the file could be read.
	Unread bool
}

func unreadFile(name string, src []byte) *File {
	return &File{Name: name, Bytes: src, Body: &hclsyntax.Body{Attributes: hclsyntax.Attributes{}}, Unread: true}
}

// HCL is the file as hcl's printers want it.
func (f *File) HCL() *hcl.File {
	return &hcl.File{Bytes: f.Bytes, Body: f.Body}
}

// Dir reads and parses all files of a folder whose names end in the extension, sorted by name, those that can't be read
// included.
func Dir(ctx context.Context, dir string) ([]*File, hcl.Diagnostics) {
	names, diags := list(dir, Extension)
	files := make([]*File, len(names))
	mistakes := make([]hcl.Diagnostics, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			files[i], mistakes[i] = Read(dir, name)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, append(diags, diag.Error(hcl.Range{}, "Interrupted", "Reading the project's files was interrupted."))
	}
	for i, name := range names {
		if diags = append(diags, mistakes[i]...); files[i] == nil {
			files[i] = unreadFile(name, nil)
		}
	}
	return files, diags
}

// list returns the sorted names in dir that end in suffix. Hidden files are left out, as editors leave their backups so.
func list(dir, suffix string) ([]string, hcl.Diagnostics) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, hcl.Diagnostics{unreadable(dir, "The project's folder", err)}
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, nil
}

// Read reads and parses one file. The file is nil if it can't be read.
func Read(dir, name string) (*File, hcl.Diagnostics) {
	src, diags := Text(dir, name)
	if diags.HasErrors() {
		return nil, diags
	}
	return Parse(src, filepath.ToSlash(name))
}

// Text reads a file that must hold UTF-8 text.
func Text(dir, name string) ([]byte, hcl.Diagnostics) {
	path := name
	if !filepath.IsAbs(name) {
		path = filepath.Join(dir, name)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, hcl.Diagnostics{unreadable(name, "The file", err)}
	}
	src = WithoutMark(src)
	if d := encoding(src, filepath.ToSlash(name)); d != nil {
		return nil, hcl.Diagnostics{d}
	}
	return src, nil
}

// WithoutMark drops the byte order mark that some editors put before UTF-8. It says nothing, and is no part of the text.
func WithoutMark(src []byte) []byte { return bytes.TrimPrefix(src, []byte("\xef\xbb\xbf")) }

func unreadable(name, what string, err error) *hcl.Diagnostic {
	at := hcl.Range{Filename: filepath.ToSlash(name), Start: hcl.InitialPos, End: hcl.InitialPos}
	var path *fs.PathError
	reason := err.Error()
	if errors.As(err, &path) {
		reason = path.Err.Error()
	}
	return diag.Error(at, "File can't be read", "%s %s can't be read: %s. Check that it exists, that it is no folder where a "+
		"file is meant, and that you may read it.", what, name, reason)
}

// encoding refuses what is no UTF-8, pointing at the first bad byte.
func encoding(src []byte, name string) *hcl.Diagnostic {
	const fix = " Save the file as UTF-8."
	start := hcl.Range{Filename: name, Start: hcl.InitialPos, End: hcl.InitialPos}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(src, []byte(mark)) {
			return diag.Error(start, "File is not UTF-8", "The file begins with the byte order mark of UTF-16."+fix)
		}
	}
	if utf8.Valid(src) {
		return nil
	}
	good := 0
	for good < len(src) {
		r, size := utf8.DecodeRune(src[good:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		good += size
	}
	at := Position(src, good)
	return diag.Error(hcl.Range{Filename: name, Start: at, End: at}, "File is not UTF-8",
		"Line %d holds bytes that are no UTF-8 text."+fix, at.Line)
}

// Position is where a byte offset of a text stands.
func Position(src []byte, offset int) hcl.Pos {
	offset = min(max(offset, 0), len(src))
	line := bytes.LastIndexByte(src[:offset], '\n') + 1
	return hcl.Pos{
		Line:   1 + bytes.Count(src[:offset], []byte{'\n'}),
		Column: 1 + utf8.RuneCount(src[line:offset]),
		Byte:   offset,
	}
}
