package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"

	"github.com/automic-etl/etl/lang/secret"
)

func envFunc(w World) function.Function {
	return function.New(&function.Spec{
		Description: "The value of an environment variable, which is sensitive.",
		Params:      []function.Parameter{{Name: "name", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			if !w.Secrets {
				return cty.UnknownVal(cty.String).Mark(Sensitive), nil
			}
			name := args[0].AsString()
			value, ok := w.Environ[name]
			if !ok {
				return cty.NilVal, function.NewArgErrorf(0, "the environment variable %s isn't set; set it, or give the "+
					"value by a variable", name)
			}
			secret := cty.StringVal(value).Mark(Sensitive)
			w.found(secret)
			return secret, nil
		},
	})
}

func secretFunc(w World) function.Function {
	return function.New(&function.Spec{
		Description: "The secret that a URL names: file:///run/secrets/shop, or file://./shop.secret beside the project's files. White " +
			"space around it doesn't count. It is read at plan and apply, and is sensitive.",
		Params: []function.Parameter{{Name: "url", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			url := args[0].AsString()
			if secret.Inline(url) {
				w.found(cty.StringVal(url).Mark(Sensitive))
			}
			if !w.Secrets {
				return cty.UnknownVal(cty.String).Mark(Sensitive), nil
			}
			text, err := w.Secret(url)
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(0, "the secret can't be read: %w", err)
			}
			value := cty.StringVal(text).Mark(Sensitive)
			w.found(value)
			return value, nil
		},
	})
}

func (w World) found(secret cty.Value) {
	if w.Found != nil {
		w.Found(secret)
	}
}

func fileFunc(w World) function.Function {
	return function.New(&function.Spec{
		Description: "The text of a file.",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}},
		Type:        function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			text, err := os.ReadFile(w.path(name))
			if err != nil {
				return cty.NilVal, function.NewArgError(0, readError(name, err))
			}
			if !utf8.Valid(text) {
				return cty.NilVal, function.NewArgErrorf(0, "the file %s is no UTF-8 text", name)
			}
			return cty.StringVal(string(text)), nil
		},
	})
}

func filesetFunc(w World) function.Function {
	return function.New(&function.Spec{
		Description: "The files below a folder whose names match a pattern, as a set of paths relative to the folder.",
		Params:      []function.Parameter{{Name: "path", Type: cty.String}, {Name: "pattern", Type: cty.String}},
		Type:        function.StaticReturnType(cty.Set(cty.String)),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			found, err := doublestar.Glob(os.DirFS(w.path(args[0].AsString())), args[1].AsString(), doublestar.WithFilesOnly())
			if err != nil {
				return cty.NilVal, function.NewArgErrorf(1, "the pattern %s is malformed", args[1].AsString())
			}
			if len(found) == 0 {
				return cty.SetValEmpty(cty.String), nil
			}
			sort.Strings(found)
			values := make([]cty.Value, len(found))
			for i, name := range found {
				values[i] = cty.StringVal(name)
			}
			return cty.SetVal(values), nil
		},
	})
}

func (w World) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.Dir, filepath.FromSlash(name))
}

func readError(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no file %s; paths are relative to the project's folder", name)
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return fmt.Errorf("the file %s can't be read: %w", name, err)
}
