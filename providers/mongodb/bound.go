package mongodb

import (
	"encoding/json"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/sdk"
)

// version grows when older providers could no longer read what is written.
const version = 1

// bound is what a plan saw, as far as a read must know.
type bound struct {
	Version int             `json:"version"`
	Fields  []string        `json:"fields,omitempty"` // of the documents that were looked at
	Cursor  *value          `json:"cursor,omitempty"` // the furthest value of the cursor field
	Time    *bson.Timestamp `json:"time,omitempty"`   // the furthest position of the change stream
}

func encodeBound(b bound) ([]byte, sdk.Diagnostics) {
	b.Version = version
	text, err := json.Marshal(b)
	if err != nil {
		return nil, sdk.Errorf("Cursor not written", "What to read can't be written down: %s.", err)
	}
	return text, nil
}

func decodeBound(text []byte) (bound, sdk.Diagnostics) {
	var b bound
	if len(text) == 0 {
		return b, nil
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, unreadable(err)
	}
	return b, newer(b.Version)
}

func unreadable(err error) sdk.Diagnostics {
	return sdk.Errorf("Unreadable cursor", "The cursor that was recorded with this table's last commit can't be read: %s. Roll the table back to an older "+
		"snapshot, or read it anew with `etl apply -resnapshot`.", err)
}

func newer(found int) sdk.Diagnostics {
	if found <= version {
		return nil
	}
	return sdk.Diagnostics{sdk.Error("Cursor of a newer version", fmt.Sprintf("The recorded cursor has version %d, and this version of etl reads %d at "+
		"most. Use the version of etl that wrote it, or a newer one.", found, version))}
}
