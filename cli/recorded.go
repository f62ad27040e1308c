package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// recorded finds a table by its address or its name in SQL.
func (w *workspace) recorded(ctx context.Context, name string) (*state.Table, error) {
	if name == "" {
		return nil, errors.New("say which table: an address such as table.silver.orders")
	}
	t, other, err := w.lookUp(ctx, name)
	if err == nil && t == nil {
		return nil, w.fail("Unknown table", fmt.Errorf("the lakehouse has no table %q.%s", name, other))
	}
	return t, err
}

// lookUp is recorded, with nil for a table that isn't there, and what could have been meant.
func (w *workspace) lookUp(ctx context.Context, name string) (t *state.Table, other string, err error) {
	tables, err := w.lake.Tables(ctx)
	if err != nil {
		return nil, "", w.fail("Recorded state is unreadable", err)
	}
	var addresses, all []string
	for _, t := range tables {
		if t.Address == name || t.Ident.String() == name {
			return t, "", nil
		}
		all = append(all, t.Ident.String())
		if t.Address != "" {
			addresses = append(addresses, t.Address)
		}
	}
	return nil, instead(name, addresses, append(all, addresses...)), nil
}

// listed is how many tables are named where none is near what was given.
const listed = 10

// instead says what could have been meant.
func instead(name string, addresses, all []string) string {
	if near := diag.Suggest(name, all); near != "" {
		return near + " `etl state list` lists all"
	}
	switch n := len(addresses); {
	case n == 0:
		return " It has none yet"
	case n > listed:
		return fmt.Sprintf(" It has %s and %d more; `etl state list` lists all", diag.List(addresses[:listed]), n-listed)
	}
	return " It has " + diag.List(addresses)
}
