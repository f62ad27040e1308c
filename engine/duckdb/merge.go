package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/state"
)

// Merge says how rows replace others by their keys: data files of which more than a few rows are replaced are written anew
// without them, of others the rows are deleted by position, all others stay. Keys match where they are equal or both null.
type Merge struct {
	// Write says where the replacement files go; its Query gives the new rows.
	Write
	Keys []string         // columns
	Old  []state.DataFile // of the table's snapshot
	// Deletable is the share of a file's rows that may be deleted by position, the earlier ones included. 0: files are always
	// written anew.
	Deletable float64
	// SmallBytes is the size below which a file is written anew whatever share it is, and from SmallFiles such files of a
	// partition on all of them are, so that they don't become many. 0: none is small.
	SmallBytes int64
	SmallFiles int
	// Match is SQL that says whether an old row o has a key k, where it isn't that they are equal: over the columns Keys of the
	// row, and those that the query of keys gives.
	Match string
}

// Merged is what a merge leads to: a commit that removes and adds these files, and these deletes of rows.
type Merged struct {
	Remove []state.DataFile
	Add    []state.StagedFile
	Delete []state.StagedDeletes
	// Replaced are the old rows that are gone, New those that were given, Kept those that were written again unchanged.
	Replaced, New, Kept int64
}

// DuplicateKeyError says that new rows have the same key.
type DuplicateKeyError struct {
	Keys    []string // columns
	Count   int64    // keys that more than one row has
	Samples []string // some of them, as text
}

func (e *DuplicateKeyError) Error() string {
	return fmt.Sprintf("more than one of the new rows has the same key, (%s), so that it is open which row wins: %s of them, for example %s",
		strings.Join(e.Keys, ", "), diag.Count(e.Count, "such key"), strings.Join(e.Samples, "; "))
}

// Merge makes new rows win over old ones with the same key. A key that two new rows have gives a *DuplicateKeyError.
func (s *Session) Merge(ctx context.Context, m Merge) (*Merged, error) {
	run, err := s.newMerge(ctx, m)
	if err != nil {
		return nil, err
	}
	defer run.forget()
	run.keys = "SELECT " + dialect.Idents(m.Keys) + " FROM " + run.rows
	if err := run.refuseDuplicates(ctx); err != nil {
		return nil, err
	}
	return run.finish(ctx)
}

// ReplaceKeys removes all old rows whose key the query of keys gives, in the order of Keys, and adds the new rows.
func (s *Session) ReplaceKeys(ctx context.Context, m Merge, keys string) (*Merged, error) {
	run, err := s.newMerge(ctx, m)
	if err != nil {
		return nil, err
	}
	defer run.forget()
	if err := run.keepKeys(ctx, keys); err != nil {
		return nil, err
	}
	return run.finish(ctx)
}

// mergeRun is a merge in progress.
type mergeRun struct {
	Merge
	session *Session
	made    []relation
	rows    string // the table of new rows
	keys    string // query of the keys whose old rows go, with the names and types of the key columns
}

func (s *Session) newMerge(ctx context.Context, m Merge) (*mergeRun, error) {
	if len(m.Keys) == 0 {
		return nil, fmt.Errorf("merging: no key columns are given")
	}
	for _, key := range m.Keys {
		if _, ok := columnNamed(m.Columns, key); !ok {
			return nil, fmt.Errorf("merging: the key column %q is no column of the table", key)
		}
	}
	run := &mergeRun{Merge: m, session: s}
	parts := make([]string, len(m.Columns))
	for i, c := range m.Columns {
		parts[i] = fmt.Sprintf("CAST(%[1]s AS %[2]s) AS %[1]s", dialect.Ident(c.Name), dialect.Type(c.Type))
	}
	rows, err := run.keep(ctx, "SELECT "+strings.Join(parts, ", ")+" FROM (\n", m.Query, "\n)")
	if err != nil {
		run.forget()
		return nil, fmt.Errorf("merging: computing the new rows: %w", err)
	}
	run.rows = rows
	return run, nil
}

// keep computes a query once, into a table of the session.
func (r *mergeRun) keep(ctx context.Context, begin, query, end string) (table string, err error) {
	schema, name, err := r.session.scratch(ctx)
	if err != nil {
		return "", err
	}
	table = r.session.qualified(schema, name)
	statement, at := copyQuery("CREATE TABLE "+table+" AS "+begin, Statement(query), end)
	if _, err := r.session.conn.ExecContext(ctx, statement); err != nil {
		return "", r.session.failure(ctx, err, at)
	}
	r.made = append(r.made, relation{schema, name})
	return table, nil
}

// forget frees what was kept, also after the context ended. What can't be dropped goes with the session.
func (r *mergeRun) forget() {
	for _, made := range r.made {
		_ = r.session.exec(context.Background(), "DROP TABLE "+r.session.qualified(made.schema, made.name))
	}
}

func (r *mergeRun) keepKeys(ctx context.Context, keys string) error {
	if r.Match != "" {
		table, err := r.keep(ctx, "SELECT DISTINCT * FROM (\n", keys, "\n)")
		if err != nil {
			return fmt.Errorf("merging: computing the touched keys: %w", err)
		}
		r.keys = "SELECT * FROM " + table
		return nil
	}
	parts := make([]string, len(r.Keys))
	for i, key := range r.Keys {
		c, _ := columnNamed(r.Columns, key)
		parts[i] = fmt.Sprintf("CAST(k%d AS %s) AS %s", i, dialect.Type(c.Type), dialect.Ident(key))
	}
	table, err := r.keep(ctx, "SELECT DISTINCT "+strings.Join(parts, ", ")+" FROM (\n", keys, "\n) AS k("+numbered("k", len(r.Keys))+")")
	if err != nil {
		return fmt.Errorf("merging: computing the touched keys: %w", err)
	}
	r.keys = "SELECT " + dialect.Idents(r.Keys) + " FROM " + table
	return nil
}

func (r *mergeRun) refuseDuplicates(ctx context.Context) error {
	duplicates := fmt.Sprintf("SELECT %[1]s FROM %[2]s GROUP BY %[1]s HAVING count(*) > 1", dialect.Idents(r.Keys), r.rows)
	var count int64
	if err := r.session.one(ctx, "SELECT count(*) FROM ("+duplicates+")", nil, &count); err != nil {
		return fmt.Errorf("merging: looking for duplicate keys: %w", err)
	}
	if count == 0 {
		return nil
	}
	sample, err := r.session.Rows(ctx, duplicates+" ORDER BY ALL", 5)
	if err != nil {
		return fmt.Errorf("merging: looking for duplicate keys: %w", err)
	}
	failure := &DuplicateKeyError{Keys: r.Keys, Count: count}
	for _, row := range sample.Values {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = Text(sample.Columns[i].Type, v)
		}
		failure.Samples = append(failure.Samples, strings.Join(texts, ", "))
	}
	return failure
}

// finish writes the replacement files.
func (r *mergeRun) finish(ctx context.Context) (*Merged, error) {
	merged := &Merged{}
	if err := r.session.one(ctx, "SELECT count(*) FROM "+r.rows, nil, &merged.New); err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	touched, err := r.touched(ctx)
	if err != nil {
		return nil, fmt.Errorf("merging: looking for the files that hold touched keys: %w", err)
	}
	write := r.Write
	write.Query = "SELECT * FROM " + r.rows
	for _, n := range touched {
		merged.Replaced += n
	}
	if err := r.part(ctx, touched, merged); err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	if len(merged.Remove) > 0 {
		if write.Query, err = r.replacement(ctx, merged.Remove); err != nil {
			return nil, fmt.Errorf("merging: %w", err)
		}
	}
	if merged.Add, err = r.session.Write(ctx, write); err != nil {
		return nil, fmt.Errorf("merging: %w", err)
	}
	for _, f := range merged.Add {
		merged.Kept += f.Rows
	}
	merged.Kept -= merged.New
	return merged, nil
}

// replacement is a query of the new rows and of those of the files that no key touches.
func (r *mergeRun) replacement(ctx context.Context, files []state.DataFile) (string, error) {
	old, err := r.session.scan(ctx, r.Columns, files)
	if err != nil {
		return "", err
	}
	names := make([]string, len(r.Columns))
	for i, c := range r.Columns {
		names[i] = c.Name
	}
	return fmt.Sprintf("SELECT %s FROM (\n%s\n) AS o ANTI JOIN (%s) AS k ON %s\nUNION ALL BY NAME FROM %s",
		dialect.Idents(names), old, r.keys, r.matches(), r.rows), nil
}

// matches is the join condition of old rows and keys.
func (r *mergeRun) matches() string {
	if r.Match != "" {
		return r.Match
	}
	conditions := make([]string, len(r.Keys))
	for i, key := range r.Keys {
		conditions[i] = fmt.Sprintf("o.%[1]s IS NOT DISTINCT FROM k.%[1]s", dialect.Ident(key))
	}
	return strings.Join(conditions, " AND ")
}

// touched are the files that hold a row with one of the keys, with the number of such rows. Only key columns are read, and only
// of files whose statistics don't rule them out.
func (r *mergeRun) touched(ctx context.Context) (map[string]int64, error) {
	candidates, err := r.candidates(ctx)
	if err != nil || len(candidates) == 0 {
		return nil, err
	}
	going, err := r.going(ctx, candidates)
	if err != nil {
		return nil, err
	}
	return r.session.counts(ctx, fmt.Sprintf("SELECT %[1]s, count(*) FROM (%[2]s) GROUP BY %[1]s", dialect.Ident(fileColumn), going))
}

// going is a query of where the rows of files are that go.
func (r *mergeRun) going(ctx context.Context, files []state.DataFile) (string, error) {
	columns := r.Columns[:0:0]
	for _, key := range r.Keys {
		c, _ := columnNamed(r.Columns, key)
		columns = append(columns, c)
	}
	scan, err := r.session.scanRows(ctx, columns, files, true)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("SELECT %s, %s FROM (\n%s\n) AS o SEMI JOIN (%s) AS k ON %s",
		dialect.Ident(fileColumn), dialect.Ident(positionColumn), scan, r.keys, r.matches()), nil
}

// candidates are the old files that may hold one of the keys.
func (r *mergeRun) candidates(ctx context.Context) ([]state.DataFile, error) {
	if r.Match != "" {
		return r.Old, nil
	}
	ranges, err := r.ranges(ctx)
	if errors.Is(err, errNoKeys) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var candidates []state.DataFile
	for _, f := range r.Old {
		if mayHold(f, ranges) {
			candidates = append(candidates, f)
		}
	}
	return candidates, nil
}
