package mongodb

import "go.mongodb.org/mongo-driver/v2/bson"

// tally counts the documents that are read again the next time: by their number late ones are noticed, though they don't move
// the largest value of the cursor.
type tally struct {
	Tail  int64 `json:"tail"`  // from the largest value less the lookback on
	Nulls int64 `json:"nulls"` // without a value
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
	}
}

// same says whether there are as many as were recorded. What was recorded without a count may be anything.
func (t *tally) same(recorded *tally) bool {
	return recorded != nil && t.Tail == recorded.Tail && t.Nulls == recorded.Nulls
}
