package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// canary is a password that survives no careless quoting, around a text that nothing else has.
type canary struct{ core string }

func (c canary) password() string { return `p"w<&'%` + "\t" + c.core + `\é` }

// dsn is what the connection gets: the password stands in it as URLs have it.
func (c canary) dsn() string {
	u := url.URL{Scheme: "leaky", User: url.UserPassword("shop", c.password()), Host: "db.example.com", Path: "/shop"}
	return u.String()
}

// forms are what to look for: the text, and what encodings make of it.
func (c canary) forms() [][]byte {
	forms := [][]byte{[]byte(c.core), []byte(hex.EncodeToString([]byte(c.core)))}
	for skip := range 3 { // where in the encoded text it begins
		whole := base64.RawStdEncoding.EncodeToString([]byte(c.core[skip:]))
		forms = append(forms, []byte(whole[:len(whole)-2]))
	}
	return forms
}

// in says in which form the canary stands in a text.
func (c canary) in(text []byte) string {
	for _, form := range c.forms() {
		if at := bytes.Index(text, form); at >= 0 {
			return string(text[max(0, at-60):min(len(text), at+len(form)+20)])
		}
	}
	return ""
}

// notIn fails where the canary is.
func (c canary) notIn(t *testing.T, what string, text []byte) {
	t.Helper()
	if found := c.in(text); found != "" {
		t.Errorf("%s: …%s…", what, found)
	}
}

// notBelow searches every byte of every file, and the files' names, but for files that hold it rightly.
func (c canary) notBelow(t *testing.T, dir string, but ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != dir { // a run is going on: it went meanwhile
			return nil
		}
		if err != nil {
			return err
		}
		c.notIn(t, "the name "+path, []byte(path))
		if !entry.Type().IsRegular() || slices.Contains(but, entry.Name()) {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		c.notIn(t, path, text)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// notInProcesses searches the command lines and environments of all processes of this machine, but for the environments of
// some.
func (c canary) notInProcesses(t *testing.T, but ...string) {
	t.Helper()
	seen := 0
	for _, file := range []string{"cmdline", "environ"} {
		found, err := filepath.Glob("/proc/[0-9]*/" + file)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			text, err := os.ReadFile(path)
			if err != nil {
				continue // it ended meanwhile, or is somebody else's
			}
			seen++
			if file == "environ" && strings.Contains(" "+strings.Join(but, " ")+" ", " "+strings.Split(path, "/")[2]+" ") {
				continue
			}
			c.notIn(t, path, text)
		}
	}
	if seen < 4 {
		t.Errorf("only %d files of /proc could be read", seen)
	}
}
