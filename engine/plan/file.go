package plan

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
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
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// ReadFile reads a saved plan.
func ReadFile(path string) (*Saved, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	var s Saved
	if err := json.Unmarshal(text, &s); err != nil || len(s.Text) == 0 || s.ID == "" {
		return nil, fmt.Errorf("%s is not a plan that `etl plan -out` saved", path)
	}
	if sum(s.Text) != s.Sum {
		return nil, fmt.Errorf("%s was changed since `etl plan -out` saved it. Make a new one", path)
	}
	if err := json.Unmarshal(s.Text, &s.Plan); err != nil || s.Plan == nil {
		return nil, fmt.Errorf("%s is not a plan that `etl plan -out` saved", path)
	}
	if s.Plan.FormatVersion > FormatVersion {
		return nil, fmt.Errorf("%s was saved by a newer etl (format %d, this one reads up to %d)", path, s.Plan.FormatVersion, FormatVersion)
	}
	return &s, nil
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
