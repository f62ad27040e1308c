package duckdb

import (
	"context"
	"fmt"
	"os"

	"github.com/automic-etl/etl/state"
)

// split writes files anew that are much larger than the target: DuckDB can't begin a new file at a size while it spreads
// partitions or keeps an order.
func (s *Session) split(ctx context.Context, o *output, staged []state.StagedFile) ([]state.StagedFile, error) {
	var all []state.StagedFile
	for i, file := range staged {
		info, err := os.Stat(file.Path)
		if err != nil {
			return nil, fmt.Errorf("looking at a data file: %w", err)
		}
		if info.Size() < o.TargetBytes*3/2 {
			all = append(all, file)
			continue
		}
		parts, err := s.splitOne(ctx, o, file, (info.Size()+o.TargetBytes-1)/o.TargetBytes, fmt.Sprintf("%s-%d-part", o.name, i))
		if err != nil {
			return nil, fmt.Errorf("splitting a large data file: %w", err)
		}
		if err := os.Remove(file.Path); err != nil {
			return nil, fmt.Errorf("removing a data file that was split: %w", err)
		}
		all = append(all, parts...)
	}
	return all, nil
}

// splitOne cuts a file into parts of as many rows, in their order.
func (s *Session) splitOne(ctx context.Context, o *output, file state.StagedFile, parts int64, name string) ([]state.StagedFile, error) {
	var all []state.StagedFile
	source := "read_parquet(" + paths([]string{file.Path}) + ", hive_partitioning = false)"
	for i := range parts {
		from, to := file.Rows*i/parts, file.Rows*(i+1)/parts
		statement := fmt.Sprintf("COPY (SELECT * FROM %s WHERE file_row_number >= %d AND file_row_number < %d)", source, from, to) +
			o.ordered(fmt.Sprintf("%s%d", name, i))
		written, err := s.copy(ctx, o, statement, nil, func(part written) (state.StagedFile, error) {
			return state.StagedFile{Path: part.path, Rows: part.rows, Partition: file.Partition}, nil
		})
		if err != nil {
			return nil, err
		}
		all = append(all, written...)
	}
	return all, nil
}
