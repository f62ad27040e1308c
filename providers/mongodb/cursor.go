package mongodb

import (
	"encoding/json"
	"fmt"

	"github.com/automic-etl/etl/plugins/sdk"
)

// stranger refuses a position that was recorded of another collection: the connection may lead elsewhere by now.
func (c *collection) stranger(recorded string) sdk.Diagnostics {
	if recorded == "" || recorded == c.namespace() {
		return nil
	}
	return sdk.Diagnostics{sdk.Error("Position in another collection", fmt.Sprintf("The table was read from %s up to now, and its source is %s. Name the database as "+
		"before, or read the table anew with `etl apply -resnapshot`.", recorded, c.namespace()), "collection")}
}

// place is how far an incremental source was read. The first version has the largest value of the cursor field.
type place struct {
	Version    int    `json:"version"`
	Collection string `json:"collection"`
	Value      *value `json:"value,omitempty"` // nil where all documents that were read had none
	// Left is set where documents were left to the next read, which then has something to do.
	Left bool `json:"left,omitempty"`
	// Again counts what the next read reads again; nil where that isn't known.
	Again *tally `json:"again,omitempty"`
}

func decodePlace(recorded map[string][]byte) (*place, sdk.Diagnostics) {
	text := recorded[""]
	if len(text) == 0 {
		return nil, nil
	}
	var p place
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, unreadable(err)
	}
	return &p, newer(p.Version)
}

func (p place) encode() ([]byte, error) {
	p.Version = version
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("writing the cursor: %w", err)
	}
	return text, nil
}
