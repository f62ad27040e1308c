package bsonvalue

import (
	"strconv"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// layout is a type made ready for appending: it finds a field's place by its name. It has room for the values of one
// object, so that it serves one goroutine; no two objects of one layout are under way at the same time.
type layout struct {
	kind   coltype.Type
	path   string // from the column down, for messages
	places map[string]int
	fields []*layout
	values []Value
	key    *layout
	elem   *layout
}

func newLayout(t coltype.Type, path string) *layout {
	l := &layout{kind: t, path: path}
	switch t.Kind {
	case coltype.Struct:
		l.open(t.Fields)
	case coltype.List:
		l.elem = newLayout(t.Elem.Type, path+"[]")
	case coltype.Map:
		l.key, l.elem = newLayout(t.Key.Type, path+"[key]"), newLayout(t.Elem.Type, path+"[]")
	}
	return l
}

func (l *layout) open(fields []coltype.Field) {
	l.places, l.values = make(map[string]int, len(fields)), make([]Value, len(fields))
	for i, f := range fields {
		l.places[f.Name] = i
		path := f.Name
		if l.path != "" {
			path = l.path + "." + f.Name
		}
		l.fields = append(l.fields, newLayout(f.Type, path))
	}
}

// duplicate is a field that a document has twice, so that nobody can say which of the values counts.
type duplicate struct{ name string }

func (d *duplicate) Error() string { return "the field " + strconv.Quote(d.name) + " is there twice" }

// spread puts an object's members in their places. Those without a place go to other.
func (l *layout) spread(document []byte, other func(name []byte) error) error {
	clear(l.values)
	elements := Open(document)
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		place, there := l.places[string(element.Name)]
		switch {
		case !there:
			if err := other(element.Name); err != nil {
				return err
			}
		case l.values[place].Type != 0:
			return &duplicate{string(element.Name)}
		default:
			l.values[place] = element.Value
		}
	}
	return elements.Err()
}
