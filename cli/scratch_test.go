package cli

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScratchFolders(t *testing.T) {
	var log bytes.Buffer
	e := &environment{dir: t.TempDir(), log: slog.New(slog.NewTextHandler(&log, nil))}
	s := e.scratchFolders()
	if s.cache != filepath.Join(e.dir, ".etl", "cache") || s.temp != filepath.Join(e.dir, ".etl", "tmp") || log.Len() > 0 {
		t.Errorf("the folders are %+v: %s", s, log.String())
	}
	if entries, err := os.ReadDir(e.dir); err != nil || len(entries) > 0 {
		t.Errorf("choosing has made %v, %v", entries, err)
	}
	// Where .etl is a file, nothing can be made in it, whoever one is.
	if err := os.WriteFile(filepath.Join(e.dir, ".etl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", t.TempDir())
	s = e.scratchFolders()
	if !strings.HasPrefix(s.cache, os.TempDir()) || !strings.HasPrefix(s.temp, os.TempDir()) || strings.Count(log.String(), "nothing is remembered") != 1 {
		t.Errorf("the folders are %+v: %s", s, log.String())
	}
	if err := s.remove(); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(os.TempDir()); err != nil || len(entries) > 0 {
		t.Errorf("left are %v, %v", entries, err)
	}
	// Where there is no place at all, whoever needs one says so.
	t.Setenv("TMPDIR", filepath.Join(e.dir, "nowhere"))
	if s = e.scratchFolders(); s.own != "" || s.cache != filepath.Join(e.dir, ".etl", "cache") {
		t.Errorf("the folders are %+v", s)
	}
}
