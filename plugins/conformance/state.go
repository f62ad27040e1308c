package conformance

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// rows is a table by its key.
type rows map[string]map[string]string

// state makes a story's changes, one after the other, and refuses what no source can have done.
func (e *Examination) state(s *story) (rows, error) {
	table, position := rows{}, ""
	var gone map[string]string // the row that the change before deleted
	for i, c := range s.changes {
		if c.position <= position {
			return nil, fmt.Errorf("change %d has the position %q, which is not after %q", i+1, c.position, position)
		}
		position = c.position
		err := e.wrong(c)
		if err == nil {
			gone, err = table.apply(e.key(c), c, gone)
		}
		if err != nil {
			return nil, fmt.Errorf("change %d (%s): %w", i+1, c, err)
		}
	}
	return table, nil
}

// key is a change's key as text; the values are quoted.
func (e *Examination) key(c change) string {
	values := make([]string, len(e.plan.Key))
	for i, name := range e.plan.Key {
		values[i] = c.values[name]
	}
	return strings.Join(values, " ")
}

// wrong says what is wrong with a change by itself.
func (e *Examination) wrong(c change) error {
	if c.op == sdk.Truncate {
		if len(c.values) > 0 || len(c.unchanged) > 0 {
			return errors.New("a truncate has no values")
		}
		return nil
	}
	if !slices.Contains([]string{sdk.Insert, sdk.Update, sdk.Delete}, c.op) {
		return fmt.Errorf("there is no operation %q", c.op)
	}
	for _, name := range e.plan.Key {
		if _, there := c.values[name]; !there {
			return fmt.Errorf("it lacks %s of the key", name)
		}
	}
	for _, name := range c.unchanged {
		known := slices.ContainsFunc(e.plan.Columns, func(f coltype.Field) bool { return f.Name == name })
		if _, told := c.values[name]; told || !known || c.op == sdk.Delete {
			return fmt.Errorf("it says that the value of %s is the one before, which can't be", name)
		}
	}
	return nil
}

// apply makes one change and returns the row that it deleted, if it did.
func (t rows) apply(key string, c change, gone map[string]string) (map[string]string, error) {
	before, there := t[key]
	switch c.op {
	case sdk.Truncate:
		clear(t)
		return nil, nil
	case sdk.Delete:
		if !there {
			return nil, errors.New("the row that it deletes was never there")
		}
		delete(t, key)
		return before, nil
	case sdk.Insert:
		if there {
			return nil, errors.New("the row that it inserts is there already")
		}
		before = gone
	case sdk.Update:
		if !there {
			return nil, errors.New("the row that it updates was never there")
		}
	}
	now := maps.Clone(c.values)
	for _, name := range c.unchanged {
		if before == nil {
			return nil, errors.New("there is no row before it for the values that it doesn't tell")
		}
		if value, is := before[name]; is {
			now[name] = value
		}
	}
	t[key] = now
	return nil, nil
}

// sameRows compares two tables.
func sameRows(want, got rows) error {
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if _, there := got[key]; !there {
			return fmt.Errorf("the row %s is missing", key)
		}
		if !maps.Equal(want[key], got[key]) {
			return fmt.Errorf("the row %s is %v instead of %v", key, got[key], want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, there := want[key]; !there {
			return fmt.Errorf("the row %s is not there any more", key)
		}
	}
	return nil
}
