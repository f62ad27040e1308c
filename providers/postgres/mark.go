package postgres

import (
	"encoding/json"

	"github.com/automic-etl/etl/plugins/sdk"
)

// cursorVersion grows when older providers could no longer read what is written.
const cursorVersion = 1

// mark is how far an incremental read has come.
type mark struct {
	Version int `json:"version"`
	// Value is the greatest cursor, as the server writes it in UTC; nil where no row has one.
	Value *string `json:"value"`
	// Tail counts the rows from Value less the lookback on, and Nulls those without a cursor: if there are more or fewer
	// of them, there is something to read although nothing greater has come.
	Tail  int64 `json:"tail"`
	Nulls int64 `json:"nulls"`
	// Sums of their hashes: others in their place, or other values in them, are to be read as well. A cursor of before
	// them has none, and is read on from once more.
	TailSum  string `json:"tail_sum,omitempty"`
	NullsSum string `json:"nulls_sum,omitempty"`
}

func encodeCursor(v any) ([]byte, error) { return json.Marshal(v) }

// decodeCursor reads what encodeCursor wrote, this or an older version of it.
func decodeCursor(text []byte, into any) sdk.Diagnostics {
	var head struct {
		Version int `json:"version"`
	}
	err := json.Unmarshal(text, &head)
	if err == nil && head.Version > cursorVersion {
		return sdk.Errorf("Cursor of a newer version", "The recorded cursor has version %d, and this version of etl reads %d at most. Use the version of "+
			"etl that wrote it, or a newer one.", head.Version, cursorVersion)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return sdk.Errorf("Unreadable cursor", "The cursor that was recorded with the table's last commit can't be read: %s. Begin anew with "+
			"`etl apply -resnapshot`.", err)
	}
	return nil
}

// same compares how far two reads came.
func (m mark) same(other mark) bool {
	return m.Tail == other.Tail && m.Nulls == other.Nulls && m.TailSum == other.TailSum && m.NullsSum == other.NullsSum &&
		sameValue(m.Value, other.Value)
}

func sameValue(a, b *string) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}
