package duckdb

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/state"
)

// Field ids that Iceberg gives to the columns of a file of positions.
const (
	filePathID = 2147483546
	positionID = 2147483545
)

// counts reads numbers of rows by file.
func (s *Session) counts(ctx context.Context, query string) (map[string]int64, error) {
	found := map[string]int64{}
	err := s.each(ctx, query, nil, func(rows *sql.Rows) error {
		var file string
		var n int64
		if err := rows.Scan(&file, &n); err != nil {
			return fmt.Errorf("counting rows: %w", err)
		}
		found[file] = n
		return nil
	})
	return found, err
}

// part decides of each old file that holds rows which go: it is written anew, or the rows are deleted from it.
func (r *mergeRun) part(ctx context.Context, touched map[string]int64, merged *Merged) error {
	earlier, err := r.deleted(ctx, touched)
	if err != nil {
		return err
	}
	many := r.manySmall()
	var kept []state.DataFile
	for _, f := range r.Old {
		n, hit := touched[clean(f.Path)]
		switch {
		case many[f.Path], hit && !r.deletable(f, n+earlier[clean(f.Path)]):
			merged.Remove = append(merged.Remove, f)
		case hit:
			kept = append(kept, f)
		}
	}
	for i, f := range kept {
		staged, err := r.deleteFrom(ctx, f, i)
		if err != nil {
			return fmt.Errorf("deleting rows of %s: %w", f.Path, err)
		}
		merged.Delete = append(merged.Delete, staged)
	}
	return nil
}

// deletable says whether so many rows of a file may be deleted by position.
func (r *mergeRun) deletable(f state.DataFile, n int64) bool {
	vector := slices.ContainsFunc(f.Deletes, func(d state.DeleteFile) bool { return d.Path == "" })
	return r.Deletable > 0 && !vector && f.Location != "" && f.Bytes >= r.SmallBytes && float64(n) <= r.Deletable*float64(f.Rows)
}

// manySmall are the small files of partitions that have many of them.
func (r *mergeRun) manySmall() map[string]bool {
	byPartition := map[string][]string{}
	for _, f := range r.Old {
		if f.Bytes < r.SmallBytes {
			partition := fmt.Sprint(f.SpecID, f.Partition)
			byPartition[partition] = append(byPartition[partition], f.Path)
		}
	}
	many := map[string]bool{}
	for _, partition := range slices.Sorted(maps.Keys(byPartition)) {
		if paths := byPartition[partition]; r.SmallFiles > 0 && len(paths) >= r.SmallFiles {
			for _, path := range paths {
				many[path] = true
			}
		}
	}
	return many
}

// deleted counts the rows that were deleted before from the files in question.
func (r *mergeRun) deleted(ctx context.Context, touched map[string]int64) (map[string]int64, error) {
	var files []state.DataFile
	for _, f := range r.Old {
		if _, hit := touched[clean(f.Path)]; hit && len(f.Deletes) > 0 {
			f.Path = clean(f.Path)
			files = append(files, f)
		}
	}
	if len(files) == 0 || r.Deletable == 0 {
		return nil, nil
	}
	positions, err := r.session.deletes(ctx, files)
	if err != nil {
		return nil, err
	}
	return r.session.counts(ctx, "SELECT path, count(DISTINCT pos) FROM ("+positions+") GROUP BY path")
}

// deleteFrom writes the positions of a file's rows that go, and of those that went before.
func (r *mergeRun) deleteFrom(ctx context.Context, f state.DataFile, n int) (state.StagedDeletes, error) {
	staged := state.StagedDeletes{Of: f}
	going, err := r.going(ctx, []state.DataFile{f})
	if err != nil {
		return staged, err
	}
	query := fmt.Sprintf("SELECT %s AS pos FROM (%s)", dialect.Ident(positionColumn), going)
	if len(f.Deletes) > 0 {
		local := f
		local.Path = clean(f.Path)
		before, err := r.session.deletes(ctx, []state.DataFile{local})
		if err != nil {
			return staged, err
		}
		query += " UNION SELECT pos FROM (" + before + ")"
	}
	o, err := newOutput(r.Write)
	if err != nil {
		return staged, err
	}
	staged.Path = filepath.Join(o.Dir, fmt.Sprintf("%s-deletes-%d.parquet", o.name, n))
	statement := fmt.Sprintf("COPY (SELECT %s AS file_path, pos FROM (%s) ORDER BY pos) TO %s (FORMAT parquet, COMPRESSION %s, FIELD_IDS {file_path: %d, pos: %d}, USE_TMP_FILE false)",
		dialect.Text(f.Location), query, dialect.Text(staged.Path), dialect.Text(o.Compression), filePathID, positionID)
	result, err := r.session.conn.ExecContext(ctx, statement)
	if err != nil {
		return staged, r.session.failure(ctx, err, nil)
	}
	staged.Rows, err = result.RowsAffected()
	return staged, err
}

// After are the files that a change leaves of a table's: without those that are removed, and with the deletes of others.
func After(old, removed []state.DataFile, deletes []state.StagedDeletes) []state.DataFile {
	gone := make(map[string]bool, len(removed))
	for _, f := range removed {
		gone[f.Path] = true
	}
	deleted := make(map[string]state.StagedDeletes, len(deletes))
	for _, d := range deletes {
		deleted[d.Of.Path] = d
	}
	var kept []state.DataFile
	for _, f := range old {
		if gone[f.Path] {
			continue
		}
		if d, ok := deleted[f.Path]; ok {
			f.Deletes = []state.DeleteFile{{Path: d.Path, DataPath: f.Location}}
		}
		kept = append(kept, f)
	}
	return kept
}
