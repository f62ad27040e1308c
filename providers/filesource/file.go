package filesource

import (
	"io/fs"
	"os"
	"syscall"
)

// File is one input file as it was found.
type File struct {
	Path    string // as users see it: relative to the project where it lies inside
	Abs     string
	Size    int64
	MtimeNS int64
	Inode   uint64
	SHA256  string // 32 raw bytes; empty until it was computed
}

// state is what tells without reading whether a file is still the same.
type state struct {
	size, mtime int64
	inode       uint64
}

func (f File) state() state { return state{f.Size, f.MtimeNS, f.Inode} }

// restat looks at the file again.
func (f File) restat() (File, error) {
	info, err := os.Stat(f.Abs)
	if err != nil {
		return f, err
	}
	return describe(f.Path, f.Abs, info), nil
}

func describe(path, abs string, info fs.FileInfo) File {
	f := File{Path: path, Abs: abs, Size: info.Size(), MtimeNS: info.ModTime().UnixNano()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		f.Inode = sys.Ino
	}
	return f
}
