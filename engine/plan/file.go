package plan

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// Saved is a plan in a file, with the id that lets it be applied once.
type Saved struct {
	ID   string `json:"id"`
	Plan *Plan  `json:"plan"`
}

// Save writes a plan to a file under a new id. The file holds no secrets, but names and statistics of tables: it is
// readable by its owner only.
func Save(path string, p *Plan) error {
	text, err := json.MarshalIndent(Saved{ID: strings.ToLower(rand.Text()), Plan: p}, "", " ")
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
	if err := json.Unmarshal(text, &s); err != nil || s.Plan == nil || s.ID == "" {
		return nil, fmt.Errorf("%s is not a plan that `etl plan -out` saved", path)
	}
	if s.Plan.FormatVersion > FormatVersion {
		return nil, fmt.Errorf("%s was saved by a newer etl (format %d, this one reads up to %d)", path, s.Plan.FormatVersion, FormatVersion)
	}
	return &s, nil
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

// Checks says whether apply would look at anything, though it changes nothing: checks over time.
func (p *Plan) Checks() bool {
	for _, t := range p.Tables {
		if t.Action == None && len(t.Work) > 0 {
			return true
		}
	}
	return false
}
