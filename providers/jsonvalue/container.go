package jsonvalue

import "bytes"

func (d *Document) array(index int32, depth int) error {
	d.nodes[index].Kind = Array
	d.pos++
	d.blank()
	if d.peek() == ']' {
		d.pos++
		return nil
	}
	last := int32(0)
	for {
		child := d.child(index, last)
		if err := d.value(child, depth+1); err != nil {
			return err
		}
		last = child
		if done, err := d.separator(']', "array"); done || err != nil {
			return err
		}
	}
}

func (d *Document) object(index int32, depth int) error {
	d.nodes[index].Kind = Object
	d.pos++
	d.blank()
	if d.peek() == '}' {
		d.pos++
		return nil
	}
	last := int32(0)
	seen := keys{}
	for {
		key, err := d.key()
		if err != nil {
			return err
		}
		if seen.repeated(d, index, key) {
			return d.fail("the key %q appears twice in one object", key)
		}
		child := d.child(index, last)
		d.nodes[child].Key = key
		if err := d.value(child, depth+1); err != nil {
			return err
		}
		last = child
		if done, err := d.separator('}', "object"); done || err != nil {
			return err
		}
	}
}

func (d *Document) key() ([]byte, error) {
	if d.peek() != '"' {
		return nil, d.fail("a key in double quotes is expected, not %s", d.shown())
	}
	key, err := d.str()
	if err != nil {
		return nil, err
	}
	if d.blank(); d.peek() != ':' {
		return nil, d.fail("a colon is expected after the key %q, not %s", key, d.shown())
	}
	d.pos++
	d.blank()
	return key, nil
}

// separator reads the comma before the next element, or the end.
func (d *Document) separator(end byte, of string) (done bool, err error) {
	d.blank()
	switch d.peek() {
	case end:
		d.pos++
		return true, nil
	case ',':
		d.pos++
		d.blank()
		return false, nil
	}
	if d.pos == len(d.data) {
		return false, d.fail("the text ends inside an %s", of)
	}
	return false, d.fail("a comma or %q is expected in the %s, not %s", end, of, d.shown())
}

// child appends a node after the last child of its parent.
func (d *Document) child(parent, last int32) int32 {
	index := int32(len(d.nodes))
	d.nodes = append(d.nodes, Value{})
	if last == 0 {
		d.nodes[parent].first = index
	} else {
		d.nodes[last].next = index
	}
	return index
}

// manyKeys is from where on comparing each key with each takes longer than a map.
const manyKeys = 24

// keys finds out whether a key repeats.
type keys struct {
	count int
	all   map[string]bool
}

func (k *keys) repeated(d *Document, parent int32, key []byte) bool {
	k.count++
	if k.count <= manyKeys {
		for i := d.nodes[parent].first; i != 0; i = d.nodes[i].next {
			if bytes.Equal(d.nodes[i].Key, key) {
				return true
			}
		}
		return false
	}
	if k.all == nil {
		k.all = map[string]bool{}
		for i := d.nodes[parent].first; i != 0; i = d.nodes[i].next {
			k.all[string(d.nodes[i].Key)] = true
		}
	}
	if k.all[string(key)] {
		return true
	}
	k.all[string(key)] = true
	return false
}
