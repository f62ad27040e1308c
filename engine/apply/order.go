package apply

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
)

// sortsBefore compares cursors as sdk.Follower has them sort: the changes that tables hold say nothing of how far they have
// read beyond those.
func sortsBefore(a, b []byte) bool {
	first, second := members(a), members(b)
	if first == nil || second == nil {
		return cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b)) < 0
	}
	for _, m := range first {
		at := slices.IndexFunc(second, func(other member) bool { return other.name == m.name })
		if at < 0 {
			continue
		}
		if order := compareMembers(m.value, second[at].value); order != 0 {
			return order < 0
		}
	}
	return false
}

// member is one of an object's.
type member struct {
	name  string
	value any
}

// members are those of an object in JSON, in their order; nil where it is none.
func members(text []byte) []member {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return nil
	}
	var out []member
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil
		}
		m := member{name: name.(string)} //nolint:forcetypeassert // an object's members have names
		if err := d.Decode(&m.value); err != nil {
			return nil
		}
		out = append(out, m)
	}
	return out
}

// compareMembers compares two texts, or two numbers; nothing else has an order.
func compareMembers(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, text := b.(string); text {
			return cmp.Compare(a, b)
		}
	case json.Number:
		if b, number := b.(json.Number); number {
			return compareNumbers(a.String(), b.String())
		}
	}
	return 0
}

// wholeBits hold every number that a cursor counts with.
const wholeBits = 256

func compareNumbers(a, b string) int {
	x, _, wrongX := big.ParseFloat(a, 10, wholeBits, big.ToNearestEven)
	y, _, wrongY := big.ParseFloat(b, 10, wholeBits, big.ToNearestEven)
	if wrongX != nil || wrongY != nil {
		return 0
	}
	return x.Cmp(y)
}
