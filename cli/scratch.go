package cli

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/automic-etl/etl/lang/diag"
)

// scratch are the folders that a command writes in, whatever it does: .etl/cache and .etl/tmp, or folders of this run alone where
// the project's can't be written.
type scratch struct {
	cache, temp string
	own         string // to be removed in the end
}

// scratchFolders chooses them, and warns where nothing can be remembered. Where nothing at all can be written, whoever needs a
// folder says so.
func (e *environment) scratchFolders() scratch {
	project := filepath.Join(e.dir, ".etl")
	s := scratch{cache: filepath.Join(project, "cache"), temp: filepath.Join(project, "tmp")}
	reason := errors.Join(writable(s.cache), writable(s.temp))
	if reason == nil {
		return s
	}
	own, err := os.MkdirTemp("", "etl-")
	if err != nil {
		return s
	}
	e.log.Warn("nothing is remembered for the next run: the project's folder can't be written", "folder", project, "reason", diag.Reason(reason))
	return scratch{cache: filepath.Join(own, "cache"), temp: filepath.Join(own, "tmp"), own: own}
}

// remove removes what is of this run alone.
func (s scratch) remove() error {
	if s.own == "" {
		return nil
	}
	return os.RemoveAll(s.own)
}

// writable reports why a folder can't be written, or made; it makes nothing.
func writable(folder string) error {
	for at := folder; ; at = filepath.Dir(at) {
		err := mayWrite(at)
		if !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			return err
		}
	}
}
