package duckdb

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// Write says what to write where.
type Write struct {
	// Query gives the rows; it must have at least the columns named in Columns, whose values are cast to their types.
	Query string
	// Columns are the table's, with field ids.
	Columns   coltype.Schema
	Partition []state.PartitionField
	Sort      []state.SortField // within each file; nulls first, last where descending
	Dir       string            // made if it is missing
	Prefix    string            // of the files' names
	// Compression of the Parquet pages; empty: zstd.
	Compression string
	// TargetBytes is about how large a file may get; 0: 512 MB.
	TargetBytes int64
}

// Write computes a query and writes its rows as Parquet files that can be committed. No rows give no file. Each file holds
// rows of one partition, whose values are given with it. When it fails it leaves none of its files.
func (s *Session) Write(ctx context.Context, w Write) (staged []state.StagedFile, err error) {
	out, err := newOutput(w)
	if err != nil {
		return nil, fmt.Errorf("writing data files: %w", err)
	}
	defer func() {
		if err != nil {
			out.removeAll()
		}
	}()
	if staged, err = s.stage(ctx, out); out.stoppedAtZero(err) {
		out.removeAll()
		out.withoutDictionaries = true
		staged, err = s.stage(ctx, out)
	}
	if err != nil {
		return nil, out.failure(err)
	}
	return staged, nil
}

func (s *Session) stage(ctx context.Context, out *output) (staged []state.StagedFile, err error) {
	switch {
	case len(out.Partition) == 0:
		return s.writeWhole(ctx, out)
	case len(out.Sort) > 0:
		return s.writeSortedPartitions(ctx, out)
	}
	staged, err = s.writePartitions(ctx, out)
	if memory := (*MemoryError)(nil); errors.As(err, &memory) {
		// Many partitions at once need a buffer each; one after the other they don't.
		out.removeAll()
		return s.writeSortedPartitions(ctx, out)
	}
	return staged, err
}

// output is a Write in progress.
type output struct {
	Write
	name   string // begins the names of all its files, and of nothing else
	fields []partitionField
	ids    string
	// withoutDictionaries keeps both zeros apart.
	withoutDictionaries bool
}

func newOutput(w Write) (*output, error) {
	if w.Compression == "" {
		w.Compression = "zstd"
	}
	if w.TargetBytes <= 0 {
		w.TargetBytes = 512 << 20
	}
	w.Query = Statement(w.Query)
	fields, err := partitionFields(w.Partition, w.Columns)
	if err != nil {
		return nil, err
	}
	ids, err := fieldIDs(w.Columns)
	if err != nil {
		return nil, err
	}
	for _, f := range w.Sort {
		if _, ok := columnNamed(w.Columns, f.Column); !ok {
			return nil, fmt.Errorf("the sort column %q is no column of the table", f.Column)
		}
	}
	if w.Dir, err = filepath.Abs(w.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return nil, err
	}
	var unique [6]byte
	if _, err := rand.Read(unique[:]); err != nil {
		return nil, err
	}
	name := hex.EncodeToString(unique[:])
	if w.Prefix != "" {
		name = w.Prefix + "-" + name
	}
	return &output{Write: w, name: name, fields: fields, ids: ids}, nil
}

// removeAll removes what was written, whatever it is.
func (o *output) removeAll() {
	entries, _ := os.ReadDir(o.Dir)
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), o.name) {
			_ = os.RemoveAll(filepath.Join(o.Dir, entry.Name()))
		}
	}
}

// failure finds out whether it was the check of outputs that failed.
func (o *output) failure(err error) error {
	var mistake *SQLError
	if errors.As(err, &mistake) {
		if _, column, ok := strings.Cut(mistake.Detail, requiredMark); ok {
			return &NullError{Column: strings.TrimSuffix(column, "."), Rows: -1}
		}
	}
	return err
}

// options are those that all our files are written with.
func (o *output) options(more ...string) string {
	all := append([]string{
		"FORMAT parquet", "COMPRESSION " + dialect.Text(o.Compression), "FIELD_IDS " + o.ids,
		"RETURN_STATS true", "OVERWRITE_OR_IGNORE true",
	}, more...)
	if o.withoutDictionaries {
		all = append(all, "DICTIONARY_SIZE_LIMIT 0")
	}
	return " (" + strings.Join(all, ", ") + ")"
}

// rotating ends a COPY that begins a new file at the target size. It mixes up the order of rows.
func (o *output) rotating(name string) string {
	return " TO " + dialect.Text(o.Dir) + o.options(fmt.Sprintf("FILE_SIZE_BYTES %d", o.TargetBytes), "FILENAME_PATTERN "+dialect.Text(name+"-{i}"))
}

// ordered ends a COPY into one file, in the order of the rows. See split for its size.
func (o *output) ordered(name string) string {
	return " TO " + dialect.Text(filepath.Join(o.Dir, name+".parquet")) + o.options("USE_TMP_FILE false")
}

// copyQuery puts a query between what begins a COPY and what ends it, and tells where it stands.
func copyQuery(begin, query, end string) (statement string, at *origin) {
	return begin + query + end, &origin{prefix: len(begin), length: len(query)}
}

func (o *output) order(first ...string) string {
	keys := first
	for _, f := range o.Sort {
		// Iceberg's defaults, which the table's sort order says too.
		direction := " ASC NULLS FIRST"
		if f.Desc {
			direction = " DESC NULLS LAST"
		}
		keys = append(keys, dialect.Ident(f.Column)+direction)
	}
	if len(keys) == 0 {
		return ""
	}
	return "\nORDER BY " + strings.Join(keys, ", ")
}

func (s *Session) writeWhole(ctx context.Context, o *output) ([]state.StagedFile, error) {
	end := o.rotating(o.name)
	if len(o.Sort) > 0 {
		end = o.ordered(o.name)
	}
	statement, at := copyQuery("COPY (SELECT "+o.outputs()+" FROM (\n", o.Query, "\n)"+o.order()+")"+end)
	staged, err := s.copy(ctx, o, statement, at, func(file written) (state.StagedFile, error) {
		return state.StagedFile{Path: file.path, Rows: file.rows}, nil
	})
	if err != nil || len(o.Sort) == 0 {
		return staged, err
	}
	return s.split(ctx, o, staged)
}
