package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/state"
)

// partitionColumn is a column that exists only while partitions are written. Names of users don't begin with _etl_.
func partitionColumn(i int) string { return fmt.Sprintf("_etl_partition%d", i) }

func (o *output) partitionColumns() []string {
	names := make([]string, len(o.fields))
	for i := range o.fields {
		names[i] = partitionColumn(i)
	}
	return names
}

// partitioned begins a query that has the table's columns and the partition values as text.
func (o *output) partitioned() string {
	query := "SELECT *"
	for i, f := range o.fields {
		query += ", " + f.text + " AS " + dialect.Ident(partitionColumn(i))
	}
	return query + " FROM (SELECT " + o.outputs() + " FROM (\n"
}

// writePartitions lets DuckDB spread the rows over folders, and takes the files out of them.
func (s *Session) writePartitions(ctx context.Context, o *output) ([]state.StagedFile, error) {
	folder := filepath.Join(o.Dir, o.name)
	statement, at := copyQuery("COPY ("+o.partitioned(), o.Query, "\n))) TO "+dialect.Text(folder)+
		o.options("PARTITION_BY ("+dialect.Idents(o.partitionColumns())+")", "FILENAME_PATTERN '{uuid}'"))
	serial := 0
	staged, err := s.copy(ctx, o, statement, at, func(file written) (state.StagedFile, error) {
		path := filepath.Join(o.Dir, fmt.Sprintf("%s-%d.parquet", o.name, serial))
		serial++
		if err := os.Rename(file.path, path); err != nil {
			return state.StagedFile{}, fmt.Errorf("moving a data file out of its folder: %w", err)
		}
		values, err := s.partitionValues(ctx, o, path, file.keys)
		return state.StagedFile{Path: path, Rows: file.rows, Partition: values}, err
	})
	if err != nil {
		return nil, err
	}
	if err := os.RemoveAll(folder); err != nil {
		return nil, fmt.Errorf("removing the partitions' folders: %w", err)
	}
	return s.split(ctx, o, staged)
}

// partitionValues are the values of a file's partition, read from the file where the text is cut.
func (s *Session) partitionValues(ctx context.Context, o *output, path string, keys map[string]any) ([]any, error) {
	values := make([]any, len(o.fields))
	for i, f := range o.fields {
		text, ok := keys[partitionColumn(i)].(string)
		if !ok {
			continue
		}
		value, whole, err := f.decode(text)
		if err == nil && !whole {
			value, err = s.longValue(ctx, o, i, path)
		}
		if err != nil {
			return nil, err
		}
		values[i] = value
	}
	return values, nil
}

// longValue computes a partition value from the first row of a file, all of whose rows have the same.
func (s *Session) longValue(ctx context.Context, o *output, i int, path string) (any, error) {
	whole := strings.ReplaceAll(o.fields[i].text, fmt.Sprintf("<= %d THEN", maxPartitionText), ">= 0 THEN")
	query := fmt.Sprintf("SELECT %s FROM read_parquet(%s, hive_partitioning = false) LIMIT 1", whole, paths([]string{path}))
	var text string
	if err := s.one(ctx, query, nil, &text); err != nil {
		return nil, fmt.Errorf("reading a partition value: %w", err)
	}
	value, _, err := o.fields[i].decode(text)
	return value, err
}

// writeSortedPartitions sorts all rows by partition and sort order first, since DuckDB's spreading of partitions mixes up the
// order, and then writes one partition after the other.
func (s *Session) writeSortedPartitions(ctx context.Context, o *output) (staged []state.StagedFile, err error) {
	schema, name, err := s.scratch(ctx)
	if err != nil {
		return nil, err
	}
	table := s.qualified(schema, name)
	columns := o.partitionColumns()
	statement, at := copyQuery("CREATE TABLE "+table+" AS "+o.partitioned(), o.Query, "\n))"+o.order(quoted(columns)...))
	if _, err = s.conn.ExecContext(ctx, statement); err != nil {
		return nil, s.failure(ctx, err, at)
	}
	defer func() {
		if dropErr := s.exec(context.WithoutCancel(ctx), "DROP TABLE "+table); err == nil {
			err = dropErr
		}
	}()
	partitions, err := s.partitions(ctx, table, columns)
	if err != nil {
		return nil, err
	}
	for i, keys := range partitions {
		files, err := s.writePartition(ctx, o, table, keys, fmt.Sprintf("%s-%d", o.name, i))
		if err != nil {
			return nil, err
		}
		staged = append(staged, files...)
	}
	return s.split(ctx, o, staged)
}

func quoted(names []string) []string {
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = dialect.Ident(name)
	}
	return all
}

// partitions are the distinct partition values of a table, as text or nil.
func (s *Session) partitions(ctx context.Context, table string, columns []string) ([]map[string]any, error) {
	var all []map[string]any
	query := fmt.Sprintf("SELECT DISTINCT %[1]s FROM %[2]s ORDER BY %[1]s", dialect.Idents(columns), table)
	err := s.each(ctx, query, nil, func(rows *sql.Rows) error {
		values, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("reading partitions: %w", err)
		}
		keys := map[string]any{}
		for i, column := range columns {
			if values[i].Valid {
				keys[column] = values[i].String
			}
		}
		all = append(all, keys)
		return nil
	})
	return all, err
}

func (s *Session) writePartition(ctx context.Context, o *output, table string, keys map[string]any, name string) ([]state.StagedFile, error) {
	conditions := make([]string, 0, len(o.fields))
	for _, column := range o.partitionColumns() {
		condition := dialect.Ident(column) + " IS NULL"
		if text, ok := keys[column].(string); ok {
			condition = dialect.Ident(column) + " = " + dialect.Text(text)
		}
		conditions = append(conditions, condition)
	}
	names := make([]string, len(o.Columns))
	for i, c := range o.Columns {
		names[i] = c.Name
	}
	statement := fmt.Sprintf("COPY (SELECT %s FROM %s WHERE %s)", dialect.Idents(names), table, strings.Join(conditions, " AND ")) + o.ordered(name)
	var values []any
	return s.copy(ctx, o, statement, nil, func(file written) (state.StagedFile, error) {
		var err error
		if values == nil {
			values, err = s.partitionValues(ctx, o, file.path, keys)
		}
		return state.StagedFile{Path: file.path, Rows: file.rows, Partition: values}, err
	})
}
