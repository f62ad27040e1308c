package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// written is what COPY says of one file.
type written struct {
	path       string
	rows       int64
	bytes      int64
	statistics map[string]map[string]string // column as COPY spells it → name → value
	keys       map[string]any               // partition column → text, nil for null
}

// copy runs a COPY, drops files without rows, checks those that have some, and stages them.
func (s *Session) copy(ctx context.Context, o *output, statement string, at *origin, stage func(written) (state.StagedFile, error)) ([]state.StagedFile, error) {
	var files []written
	err := s.each(ctx, statement, at, func(rows *sql.Rows) error {
		var file written
		var footer int64
		var statistics, keys any
		if err := rows.Scan(&file.path, &file.rows, &file.bytes, &footer, &statistics, &keys); err != nil {
			return fmt.Errorf("reading what was written: %w", err)
		}
		file.statistics = columnStatistics(statistics)
		file.keys = textMap(keys)
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var staged []state.StagedFile
	for _, file := range files {
		if file.rows == 0 {
			if err := os.Remove(file.path); err != nil {
				return nil, fmt.Errorf("removing an empty data file: %w", err)
			}
			continue
		}
		if err := o.check(file); err != nil {
			return nil, err
		}
		file.path = filepath.Clean(file.path)
		one, err := stage(file)
		if err != nil {
			return nil, err
		}
		staged = append(staged, one)
	}
	return staged, nil
}

// check looks at a file's statistics for what a table can't hold.
func (o *output) check(file written) error {
	for _, c := range o.Columns {
		statistics := file.statistics[dialect.Ident(c.Name)]
		if c.Required && isScalar(c.Type) {
			nulls, err := strconv.ParseInt(statistics["null_count"], 10, 64)
			if err != nil {
				return fmt.Errorf("the statistics of %s don't tell whether the required column %q has nulls", file.path, c.Name)
			}
			if nulls > 0 {
				return &NullError{Column: c.Name, Rows: nulls}
			}
		}
		if isInstant(c.Type.Kind) && (strings.Contains(statistics["max"], "infinity") || strings.Contains(statistics["min"], "infinity")) {
			return &InfiniteError{Column: c.Name}
		}
	}
	return nil
}

func isInstant(k coltype.Kind) bool {
	return k == coltype.Date || k == coltype.Timestamp || k == coltype.Timestamptz
}

func columnStatistics(value any) map[string]map[string]string {
	columns, ok := value.(duckdb.OrderedMap)
	if !ok {
		return nil
	}
	all := map[string]map[string]string{}
	names, values := columns.Keys(), columns.Values()
	for i, name := range names {
		one := map[string]string{}
		for key, text := range textMap(values[i]) {
			one[key], _ = text.(string)
		}
		all[fmt.Sprint(name)] = one
	}
	return all
}

func textMap(value any) map[string]any {
	ordered, ok := value.(duckdb.OrderedMap)
	if !ok {
		return nil
	}
	all := map[string]any{}
	values := ordered.Values()
	for i, key := range ordered.Keys() {
		all[fmt.Sprint(key)] = values[i]
	}
	return all
}
