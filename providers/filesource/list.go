package filesource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/automic-etl/etl/plugins/sdk"
)

// listing is what the paths name now.
type listing struct {
	files   []File          // sorted by path, each once
	missing sdk.Diagnostics // paths that name nothing: no matter once they were read
}

func list(ctx context.Context, o Options) (listing, sdk.Diagnostics) {
	var out listing
	var diags sdk.Diagnostics
	seen := map[string]bool{}
	for _, path := range o.Paths {
		found, problems := match(ctx, o, path)
		diags = append(diags, problems...)
		if len(found) == 0 && !problems.HasErrors() {
			out.missing = append(out.missing, missing(o, path)...)
		}
		for _, f := range found {
			if !seen[f.Abs] {
				seen[f.Abs] = true
				out.files = append(out.files, f)
			}
		}
	}
	sort.Slice(out.files, func(i, j int) bool { return out.files[i].Path < out.files[j].Path })
	return out, diags
}

// match takes a path literally if a file has that name, brackets and all, and else as a pattern.
func match(ctx context.Context, o Options, path string) ([]File, sdk.Diagnostics) {
	pattern, literal := filepath.ToSlash(path), path
	if !filepath.IsAbs(path) {
		pattern, literal = filepath.ToSlash(filepath.Join(escape(o.Dir), path)), filepath.Join(o.Dir, path)
	}
	info, err := os.Stat(literal)
	switch {
	case err == nil && info.IsDir():
		return nil, Problem("Path is a folder", fmt.Sprintf("%s is a folder, and a source reads files. To read the files in it, "+
			"write a pattern such as %q.", path, strings.TrimRight(path, "/")+"/*"), "path")
	case err == nil:
		return regular(File{Path: shown(o.Dir, path, literal), Abs: literal}, info)
	case isPattern(path):
		return glob(ctx, o, path, pattern)
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	}
	return nil, diagnose(err, path)
}

func missing(o Options, path string) sdk.Diagnostics {
	if isPattern(path) {
		return Problem("No files match", fmt.Sprintf("No file matches %q. Paths are relative to the project's folder, %s.",
			path, o.Dir), "path")
	}
	return Problem("File not found", fmt.Sprintf("There is no file %s. Paths are relative to the project's folder, %s.",
		path, o.Dir), "path")
}

func isPattern(path string) bool { return strings.ContainsAny(path, `*?[{\`) }

func regular(f File, info fs.FileInfo) ([]File, sdk.Diagnostics) {
	if !info.Mode().IsRegular() {
		return nil, Problem("Not a regular file", fmt.Sprintf("%s is a %s, and a source can only read regular files. "+
			"Name another file, or narrow the pattern.", f.Path, kindOf(info.Mode())), "path")
	}
	return []File{describe(f.Path, f.Abs, info)}, nil
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeNamedPipe != 0:
		return "pipe"
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// escape protects a folder's name from being read as a pattern.
func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`, "]", `\]`, "{", `\{`, "}", `\}`).Replace(dir)
}

func glob(ctx context.Context, o Options, path, pattern string) ([]File, sdk.Diagnostics) {
	if !doublestar.ValidatePattern(pattern) {
		return nil, Problem("Invalid pattern", fmt.Sprintf("The pattern %q has an opening bracket or brace without its closing "+
			"one. Put a backslash before a bracket that belongs to a file's name.", path), "path")
	}
	var files []File
	var diags sdk.Diagnostics
	base, rest := doublestar.SplitPattern(pattern)
	err := doublestar.GlobWalk(os.DirFS(base), rest, func(name string, _ fs.DirEntry) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		abs := filepath.Join(base, name)
		info, err := os.Stat(abs)
		if err != nil || info.IsDir() {
			return nil // gone since the folder was listed, or a link to nothing
		}
		found, problems := regular(File{Path: shown(o.Dir, path, abs), Abs: abs}, info)
		files, diags = append(files, found...), append(diags, problems...)
		return nil
	}, doublestar.WithNoHidden(), doublestar.WithFailOnIOErrors())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, diagnose(err, path)
	}
	return files, diags
}

// shown is the path that users see and that rows carry: it must not depend on where the project lies.
func shown(dir, written, abs string) string {
	relative, err := filepath.Rel(dir, abs)
	if err != nil || (filepath.IsAbs(written) && strings.HasPrefix(relative, "..")) {
		return filepath.ToSlash(abs)
	}
	return filepath.ToSlash(relative)
}
