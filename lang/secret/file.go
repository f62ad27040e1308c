package secret

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	"gocloud.dev/runtimevar"
	"gocloud.dev/runtimevar/constantvar"
)

const fileScheme = "file"

// largest is what no secret exceeds; a larger file was named by mistake.
const largest = 1 << 20

// fileOpener reads file:///absolute and file://./relative. Unlike gocloud.dev's own, it watches nothing: a secret is read
// once, and the kernel's watches are few.
type fileOpener struct{ dir string }

// OpenVariableURL is part of runtimevar.VariableURLOpener.
func (o fileOpener) OpenVariableURL(_ context.Context, u *url.URL) (*runtimevar.Variable, error) {
	for parameter := range u.Query() {
		if parameter != "decoder" {
			return nil, problemf("it has a parameter that nobody knows: %q", parameter)
		}
	}
	path := filepath.FromSlash(u.Path)
	switch u.Host {
	case "":
	case ".":
		path = filepath.Join(o.dir, path)
	default:
		return nil, problemf("the path of a file URL is absolute, as in file:///run/secrets/shop, or begins with a dot and is relative to the " +
			"project's folder, as in file://./shop.secret")
	}
	if u.Path == "" || u.Opaque != "" {
		return nil, problemf("it names no file; write file:///run/secrets/shop or file://./shop.secret")
	}
	text, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return constantvar.NewBytes(text, runtimevar.BytesDecoder), nil
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, problemf("there is no file %s", path)
	case err != nil:
		return nil, unreadable(path, err)
	case !info.Mode().IsRegular(): // a pipe would wait for its writer
		return nil, problemf("%s is no file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, largest+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(text) > largest {
		return nil, problemf("the file %s is larger than 1 MiB, so that it can't be a secret", path)
	}
	return text, nil
}

func unreadable(path string, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return problemf("the file %s can't be read: %s", path, err)
}
