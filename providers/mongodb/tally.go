package mongodb

import (
	"crypto/sha256"
	"encoding/binary"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// tally counts the documents that are read again the next time, and sums hashes of them up in any order: late ones are noticed,
// though they don't move the largest value of the cursor, and those that are changed or come for others, though their number stays.
type tally struct {
	Tail  int64 `json:"tail"`  // from the largest value less the lookback on
	Nulls int64 `json:"nulls"` // without a value
	// Sum is of all that the documents hold, Keys of their ids and cursors alone. A cursor of before the sums has none, and is
	// read on from once more.
	Sum   uint64 `json:"sum"`
	Keys  uint64 `json:"keys"`
	field string
	least *value // nil where no document has a value
}

func newTally(field string, least *value) *tally { return &tally{field: field, least: least} }

func (t *tally) add(document bson.Raw) {
	v := document.Lookup(t.field)
	switch kind := bracket(v); {
	case kind == 0:
		t.Nulls++
	case t.least != nil && kind == bracket(t.least.RawValue) && t.least.compare(value{v}) <= 0:
		t.Tail++
	default:
		return
	}
	id := document.Lookup(idField)
	key := append([]byte{byte(id.Type), byte(v.Type)}, id.Value...)
	t.Sum += hashed(document)
	t.Keys += hashed(append(key, v.Value...))
}

func hashed(data []byte) uint64 {
	sum := sha256.Sum256(data)
	return binary.BigEndian.Uint64(sum[:])
}

// same says whether they are those that were recorded. What was recorded without a count may be anything. Of documents that the
// server doesn't keep as it shows them, only the keys are compared: a view may compute something else each time.
func (t *tally) same(recorded *tally, stored bool) bool {
	return recorded != nil && t.Tail == recorded.Tail && t.Nulls == recorded.Nulls && t.Keys == recorded.Keys && (t.Sum == recorded.Sum || !stored)
}
