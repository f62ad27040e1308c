package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/lang/config"
)

func decodeDefinition(raw json.RawMessage) (config.Definition, error) {
	var d config.Definition
	if len(raw) == 0 {
		return d, nil
	}
	return d, json.Unmarshal(raw, &d)
}

// hashItems is the SHA-256 over the items, each length-prefixed so that no two lists collide by concatenation.
func hashItems(items []config.Item) string {
	var text []byte
	for _, it := range items {
		text = append(strconv.AppendInt(text, int64(len(it.Path)), 10), ':')
		text = append(append(text, it.Path...), '=')
		text = append(strconv.AppendInt(text, int64(len(it.Value)), 10), ':')
		text = append(append(text, it.Value...), '\n')
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// diffItems lists what differs, in the order of the new definition and then of what was removed.
func diffItems(old, new []config.Item) []plan.Change {
	before := make(map[string]string, len(old))
	for _, it := range old {
		before[it.Path] = it.Value
	}
	var changes []plan.Change
	seen := make(map[string]bool, len(new))
	for _, it := range new {
		seen[it.Path] = true
		if value, ok := before[it.Path]; !ok || value != it.Value {
			changes = append(changes, plan.Change{Path: it.Path, Old: value, New: it.Value})
		}
	}
	for _, it := range old {
		if !seen[it.Path] {
			changes = append(changes, plan.Change{Path: it.Path, Old: it.Value})
		}
	}
	return changes
}

// ConfigHash covers everything that the configuration says about tables and sources; secrets count by reference.
func ConfigHash(p *config.Project) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n", p.Name, p.Lakehouse.CatalogPath, p.Lakehouse.Warehouse)
	for _, s := range p.Sources {
		fmt.Fprintf(h, "%s %s\n", s.Addr, hashItems(s.Definition))
	}
	for _, t := range p.Tables {
		fmt.Fprintf(h, "%s %s %s\n", t.Addr, hashItems(t.Definition.Data), hashItems(t.Definition.Meta))
	}
	return hex.EncodeToString(h.Sum(nil))
}
