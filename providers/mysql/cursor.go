package mysql

import (
	"encoding/json"
	"fmt"

	"github.com/automic-etl/etl/plugins/sdk"
)

// cursorVersion grows when older providers could no longer read what is written.
const cursorVersion = 1

// mark is how far an incremental read has come. Rows from the value less the lookback on, and rows without one, are counted, and
// their hashes summed up: a count or a sum that changed is new data as well. A cursor of before the sums has none, and is read on
// from once more.
type mark struct {
	Version int     `json:"version"`
	Value   *string `json:"value"` // the server's text; null where no row has one
	Tail    int64   `json:"ties"`
	Nulls   int64   `json:"nulls"`

	TailSum  string `json:"ties_sum,omitempty"`
	NullsSum string `json:"nulls_sum,omitempty"`
}

func encodeCursor(v any) ([]byte, error) { return json.Marshal(v) }

// decodeCursor reads what encodeCursor wrote, this or an older version of it.
func decodeCursor(data []byte, into any) sdk.Diagnostics {
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return unreadableCursor(err)
	}
	if head.Version > cursorVersion {
		return problem("Cursor of a newer version", fmt.Sprintf("The recorded cursor has version %d, and this version of etl reads %d at most. Use the version of "+
			"etl that wrote it, or a newer one.", head.Version, cursorVersion))
	}
	if err := json.Unmarshal(data, into); err != nil {
		return unreadableCursor(err)
	}
	return nil
}

func unreadableCursor(err error) sdk.Diagnostics {
	return problem("Unreadable cursor", fmt.Sprintf("The cursor that was recorded with this table's last commit can't be read: %s. Begin anew with "+
		"`etl apply -resnapshot`.", err))
}
