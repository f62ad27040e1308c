package state

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/apache/iceberg-go"
)

// Keys of a snapshot's summary: what is true of its rows.
const (
	KeyCommit      = "etl.commit-id"
	KeyRun         = "etl.run-id"
	KeyPlan        = "etl.plan-id"
	KeyHashVersion = "etl.hash-version"
	KeyDataHash    = "etl.data-hash"
	KeyDefinition  = "etl.definition-sha256" // the definition is a property, or a file under metadata/etl
	KeyCursor      = "etl.cursor"            // JSON: partition → base64
	KeyFingerprint = "etl.fingerprint"
	KeyPosition    = "etl.position"
	KeyHighest     = "etl.highest-position"
	KeyKeeps       = "etl.keeps"  // JSON
	KeyKeys        = "etl.keys"   // JSON
	KeyInputs      = "etl.inputs" // JSON
	KeyRowsRead    = "etl.rows-read"
	KeyRowsWritten = "etl.rows-written"
	KeyRowsBad     = "etl.rows-bad"
	KeyMode        = "etl.mode"
	KeyChecks      = "etl.checks"     // JSON
	KeyQuarantine  = "etl.quarantine" // JSON
	KeyAt          = "etl.at"
)

// Keys of a table's properties: what is true of the table.
const (
	PropAddress    = "etl.address"
	PropProject    = "etl.project"
	PropDefinition = "etl.definition"
	PropMetaHash   = "etl.meta-hash"
	PropLakehouse  = "etl.lakehouse" // of etl's own tables
)

// spilledSuffix marks a key whose value is the SHA-256 of a file under metadata/etl that holds the real value.
const spilledSuffix = ".file"

// Modes of commits that carry the state of an earlier snapshot on.
const (
	ModeFence    = "fence"
	ModeRollback = "rollback"
	ModeMaintain = "maintain"
)

// carries reports whether a commit of this mode only passes on what an earlier one recorded.
func carries(mode string) bool {
	return mode == ModeFence || mode == ModeRollback || mode == ModeMaintain
}

// encode writes the summary's keys; what is empty is left out.
func (s Summary) encode() (iceberg.Properties, error) {
	props := iceberg.Properties{
		KeyCommit: s.CommitID, KeyRun: s.RunID, KeyHashVersion: strconv.Itoa(s.HashVersion), KeyDataHash: s.DataHash,
		KeyRowsRead: strconv.FormatInt(s.RowsRead, 10), KeyRowsWritten: strconv.FormatInt(s.RowsWritten, 10),
		KeyRowsBad: strconv.FormatInt(s.RowsBad, 10), KeyMode: s.Mode, KeyAt: s.At.UTC().Format(time.RFC3339Nano),
	}
	for key, value := range map[string]string{KeyPlan: s.PlanID, KeyFingerprint: s.Fingerprint, KeyPosition: s.Position, KeyHighest: s.Highest} {
		if value != "" {
			props[key] = value
		}
	}
	for key, value := range map[string]any{KeyCursor: s.Cursor, KeyInputs: s.Inputs, KeyChecks: s.Checks, KeyKeeps: s.Keeps, KeyKeys: s.Keys, KeyQuarantine: s.Quarantine} {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("recording %s: %w", key, err)
		}
		if string(text) != "null" && string(text) != "{}" && string(text) != "[]" {
			props[key] = string(text)
		}
	}
	return props, nil
}

// decodeSummary reads what encode wrote, once spilled values are back in place.
func decodeSummary(props iceberg.Properties) (Summary, error) {
	s := Summary{
		CommitID: props[KeyCommit], RunID: props[KeyRun], PlanID: props[KeyPlan], DataHash: props[KeyDataHash],
		Fingerprint: props[KeyFingerprint], Position: props[KeyPosition], Highest: props[KeyHighest], Mode: props[KeyMode],
	}
	at, err := time.Parse(time.RFC3339Nano, props[KeyAt])
	if err != nil {
		return s, fmt.Errorf("reading %s: %w", KeyAt, err)
	}
	s.At = at
	version, err := strconv.Atoi(props[KeyHashVersion])
	if err != nil {
		return s, fmt.Errorf("reading %s: %w", KeyHashVersion, err)
	}
	s.HashVersion = version
	for key, target := range map[string]*int64{
		KeyRowsRead: &s.RowsRead, KeyRowsWritten: &s.RowsWritten, KeyRowsBad: &s.RowsBad,
	} {
		if *target, err = strconv.ParseInt(props[key], 10, 64); err != nil {
			return s, fmt.Errorf("reading %s: %w", key, err)
		}
	}
	for key, target := range map[string]any{KeyCursor: &s.Cursor, KeyInputs: &s.Inputs, KeyChecks: &s.Checks, KeyKeeps: &s.Keeps, KeyKeys: &s.Keys, KeyQuarantine: &s.Quarantine} {
		if text := props[key]; text != "" {
			if err := json.Unmarshal([]byte(text), target); err != nil {
				return s, fmt.Errorf("reading %s: %w", key, err)
			}
		}
	}
	return s, nil
}

// ours reports whether a snapshot carries our state.
func ours(props iceberg.Properties) bool { return props[KeyCommit] != "" }
