package plan

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/automic-etl/etl/lang/diag"
)

// Saved is a plan in a file, with the id that lets it be applied once.
type Saved struct {
	ID string `json:"id"`
	// Sum is the SHA-256 of the plan's JSON: what is applied is what was saved, and reviewed.
	Sum  string          `json:"sha256"`
	Text json.RawMessage `json:"plan"`
	Plan *Plan           `json:"-"`
}

// Save writes a plan to a file under a new id. The file holds no secrets, but names and statistics of tables: it is
// readable by its owner only.
func Save(path string, p *Plan) error {
	plain := Encode(p)
	text, err := json.Marshal(Saved{ID: strings.ToLower(rand.Text()), Sum: sum(plain), Text: plain})
	if err != nil {
		return fmt.Errorf("encoding the plan: %w", err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the file %s can't be written: there is no folder %s", path, filepath.Dir(path))
	} else if err != nil {
		return fmt.Errorf("the file %s can't be written: %s", path, diag.Reason(err))
	}
	return nil
}

// ReadFile reads a saved plan.
func ReadFile(path string) (*Saved, error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s. `etl plan -out=%s` makes a plan and saves it there", path, path)
	case errors.Is(err, syscall.EISDIR):
		return nil, fmt.Errorf("the path %s is a folder. Name the file that `etl plan -out=FILE` saved", path)
	case err != nil:
		return nil, fmt.Errorf("the file %s can't be read: %s", path, diag.Reason(err))
	}
	s, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("the file %s %w", path, err)
	}
	return s, nil
}

// decode reads a saved plan's text. Its errors go on from the file's name.
func decode(text []byte) (*Saved, error) {
	var s Saved
	err := json.Unmarshal(text, &s)
	switch {
	case cutOff(text, err):
		return nil, errors.New("ends amid the plan: it was not written or copied as a whole. Make a new one with `etl plan -out=FILE`")
	case err != nil || len(s.Text) == 0 || s.ID == "":
		return nil, errors.New("is not a plan that `etl plan -out=FILE` saved")
	case sum(s.Text) != s.Sum:
		return nil, errors.New("was changed since `etl plan -out=FILE` saved it. Make a new one")
	}
	if err := json.Unmarshal(s.Text, &s.Plan); err != nil || s.Plan == nil {
		return nil, errors.New("is not a plan that `etl plan -out=FILE` saved")
	}
	if s.Plan.FormatVersion > FormatVersion {
		return nil, fmt.Errorf("was saved by a newer etl (format %d, this one reads up to %d). Apply it with that one, or make a new one",
			s.Plan.FormatVersion, FormatVersion)
	}
	return &s, nil
}

// cutOff tells a plan without its end from a file that never was one.
func cutOff(text []byte, err error) bool {
	var failed *json.SyntaxError
	return errors.As(err, &failed) && failed.Offset == int64(len(text)) && bytes.HasPrefix(text, []byte(`{"id":"`))
}

// sum is over the compact text, so that a file that was only laid out anew is the same plan.
func sum(text json.RawMessage) string {
	var compact bytes.Buffer
	if json.Compact(&compact, text) != nil {
		return ""
	}
	digest := sha256.Sum256(compact.Bytes())
	return hex.EncodeToString(digest[:])
}

// Encode is the JSON of plain data, of which encoding can't fail.
func Encode(data any) json.RawMessage {
	text, err := json.Marshal(data)
	if err != nil {
		panic(fmt.Sprintf("bug in etl: %T is not plain data: %v", data, err)) //nolint:forbidigo // no input of a user leads here
	}
	return text
}

// Changes says whether apply would do anything.
func (p *Plan) Changes() bool {
	s := p.Summary
	return s.Create+s.Evolve+s.Rebuild+s.Refresh+s.Drop > 0
}

// Checks says whether apply would look at anything, though it changes nothing: checks that can break without a new row.
func (p *Plan) Checks() bool {
	for _, t := range p.Tables {
		if t.Action == None && len(t.Work) > 0 {
			return true
		}
	}
	return false
}
