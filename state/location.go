package state

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	iceio "github.com/apache/iceberg-go/io"
)

// plainPath matches paths that mean the same in a URI as on the disk, whoever parses it.
var plainPath = regexp.MustCompile(`^/[A-Za-z0-9/_.~+=@,:-]*$`)

// locationOf spells an absolute path as Iceberg records it. Readers disagree on escapes in file URIs, so that a path which
// would need one is recorded as it is, which all of them read.
func locationOf(path string) string {
	path = filepath.ToSlash(path)
	if plainPath.MatchString(path) {
		return "file://" + path
	}
	return path
}

// pathOf is the local path of a location that etl or another writer recorded.
func pathOf(location string) (string, error) {
	scheme, rest, found := strings.Cut(location, ":")
	if !found || strings.HasPrefix(location, "/") {
		return filepath.FromSlash(location), nil
	}
	if !strings.EqualFold(scheme, "file") {
		return "", fmt.Errorf("%s: only files on this machine can be read here", location)
	}
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		rest = "/" + strings.TrimLeft(strings.TrimPrefix(after, "localhost"), "/")
	}
	return unescaped(filepath.FromSlash(rest)), nil
}

// unescaped takes percent signs as escapes only where there is no file of that very name.
func unescaped(path string) string {
	if !strings.Contains(path, "%") {
		return path
	}
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if decoded, err := url.PathUnescape(path); err == nil {
		return decoded
	}
	return path
}

// disk reads what Iceberg's metadata names, by iceberg-go's interface.
type disk struct{}

var _ iceio.IO = disk{}

func (disk) Open(name string) (iceio.File, error) {
	path, err := pathOf(name)
	if err != nil {
		return nil, err
	}
	return os.Open(path)
}

func (disk) Remove(name string) error {
	path, err := pathOf(name)
	if err != nil {
		return err
	}
	return os.Remove(path)
}

// writeDurably writes a new file and waits until it is on the disk: the catalog is going to name it.
func writeDurably(path string, content []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("the file %s can't be made: %w", path, cause(err))
	}
	if _, err = file.Write(content); err == nil {
		err = file.Sync()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// syncPath waits until a file, or the entries of a folder, are on the disk.
func syncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	err = file.Sync()
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
