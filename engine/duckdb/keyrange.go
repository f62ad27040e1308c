package duckdb

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// keyRange is what is known of the touched keys in one column.
type keyRange struct {
	id           int
	lower, upper any // nil where all are null or where values can't be compared with a file's bounds
	nulls        bool
	allNull      bool
}

// errNoKeys says that there is no key at all.
var errNoKeys = errors.New("no keys")

// ranges are the bounds of the touched keys.
func (r *mergeRun) ranges(ctx context.Context) ([]keyRange, error) {
	parts, ranges := []string{"count(*)"}, make([]keyRange, len(r.Keys))
	columns := make(coltype.Schema, len(r.Keys))
	for i, key := range r.Keys {
		columns[i], _ = columnNamed(r.Columns, key)
		ranges[i].id = columns[i].ID
		x := dialect.Ident(key)
		lower, upper := "NULL", "NULL"
		if ordered(columns[i].Type.Kind) {
			lower, upper = transport("min("+x+")", columns[i].Type), transport("max("+x+")", columns[i].Type)
		}
		parts = append(parts, "count(*) - count("+x+")", lower, upper)
	}
	var count int64
	into := []any{&count}
	nulls := make([]int64, len(ranges))
	for i := range ranges {
		into = append(into, &nulls[i], &ranges[i].lower, &ranges[i].upper)
	}
	if err := r.session.one(ctx, "SELECT "+strings.Join(parts, ", ")+" FROM ("+r.keys+")", nil, into...); err != nil {
		return nil, fmt.Errorf("reading the range of the keys: %w", err)
	}
	if count == 0 {
		return nil, errNoKeys
	}
	for i := range ranges {
		ranges[i].nulls, ranges[i].allNull = nulls[i] > 0, nulls[i] == count
	}
	return ranges, nil
}

// ordered tells for which types bounds rule files out. Floats don't: NaN is in no bounds. Decimals and uuids come as text,
// which doesn't sort as they do.
func ordered(k coltype.Kind) bool {
	switch k {
	case coltype.Int, coltype.Long, coltype.Date, coltype.Time, coltype.Timestamp, coltype.Timestamptz, coltype.String, coltype.Binary:
		return true
	}
	return false
}

// mayHold tells whether a file's statistics allow that it holds one of the keys.
func mayHold(f state.DataFile, ranges []keyRange) bool {
	for _, r := range ranges {
		nulls, known := f.Nulls[r.id]
		if r.nulls && (!known || nulls > 0) {
			continue
		}
		if r.allNull {
			return false
		}
		lower, hasLower := f.Lower[r.id]
		upper, hasUpper := f.Upper[r.id]
		if hasUpper && less(upper, r.lower) || hasLower && less(r.upper, lower) {
			return false
		}
	}
	return true
}

// less is false where it can't be told.
func less(a, b any) bool {
	switch a := a.(type) {
	case int64:
		b, ok := b.(int64)
		return ok && cmp.Less(a, b)
	case string:
		b, ok := b.(string)
		return ok && cmp.Less(a, b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Compare(a, b) < 0
	}
	return false
}
