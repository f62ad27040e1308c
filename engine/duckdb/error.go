package duckdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/duckdb/duckdb-go/v2"
)

// SQLError is a mistake in a query, or what a query ran into. Its parts fit a diagnostic.
type SQLError struct {
	// Kind is DuckDB's: Parser, Binder, Catalog, Conversion, Out of Range, …; Refused for what this package doesn't allow.
	Kind string
	// Offset is the byte of the query that it is about, -1 where DuckDB doesn't tell.
	Offset int
	// Summary is fixed for the kind of mistake, without names of the query.
	Summary string
	// Detail says what is wrong, in sentences.
	Detail string
	// Candidates are the names that could have been meant, nearest first.
	Candidates []string
}

func (e *SQLError) Error() string { return e.Summary + ": " + e.Detail }

// Suggestion names what could have been meant, unless the detail does: ` Did you mean "amount"?`
func (e *SQLError) Suggestion() string {
	if len(e.Candidates) == 0 || strings.Contains(e.Detail, "Did you mean") {
		return ""
	}
	return fmt.Sprintf(" Did you mean %q?", e.Candidates[0])
}

// MemoryError says that a query needs more memory than it may use, even with spilling.
type MemoryError struct{ Detail string }

func (e *MemoryError) Error() string {
	return "the query needs more memory than DuckDB may use (raise memory_limit of the compute block, or lower -parallelism): " + e.Detail
}

// DiskFullError says that there is no room left for data files or for spilled data.
type DiskFullError struct{ Detail string }

func (e *DiskFullError) Error() string {
	return "no space is left on the disk, for data files or for what the query spills: " + e.Detail
}

// FileError says that a file could not be read or written.
type FileError struct{ Detail string }

func (e *FileError) Error() string { return "a file could not be read or written: " + e.Detail }

// DataFileError says that a table's data file is gone, or is no Parquet.
type DataFileError struct{ Detail string }

func (e *DataFileError) Error() string {
	return e.Detail + ". Put the file back from a backup, or return the table to a snapshot that doesn't need it with `etl rollback`; " +
		"`etl history` lists them"
}

// dataFile recognises what DuckDB says of a table's data file that it can't read.
func (r report) dataFile() (*DataFileError, bool) {
	line := strings.TrimSuffix(firstLine(r.Message), ".")
	if _, pattern, ok := strings.Cut(line, "No files found that match the pattern "); ok {
		return &DataFileError{Detail: "the data file " + strings.Trim(pattern, `"`) + " is gone"}, true
	}
	if r.Type == "Invalid Input" && (strings.Contains(line, "to be a Parquet file") || strings.Contains(line, "No magic bytes found")) {
		return &DataFileError{Detail: "a data file is damaged: " + line}, true
	}
	return nil, false
}

// origin says where a query stands in the statement that was run, so that positions can be given in the query.
type origin struct{ prefix, length int }

func (o *origin) offset(position int) int {
	if o == nil || position < o.prefix || position > o.prefix+o.length {
		return -1
	}
	return position - o.prefix
}

// report is DuckDB's error as JSON.
type report struct {
	Type       string `json:"exception_type"`
	Message    string `json:"exception_message"`
	Candidates string `json:"candidates"`
	Position   string `json:"position"`
	Subtype    string `json:"error_subtype"`
	Name       string `json:"name"`
	Entry      string `json:"type"`
	Errno      string `json:"errno"`
}

// classify gives DuckDB's error its type. Errors that don't come from DuckDB stay as they are.
func classify(err error, at *origin) error {
	r, ok := parseReport(err)
	if !ok {
		return err
	}
	if damaged, ok := r.dataFile(); ok {
		return damaged
	}
	switch {
	case r.Type == "INTERRUPT":
		return fmt.Errorf("the query was interrupted: %w", context.Canceled)
	case r.Errno == "28" || strings.Contains(r.Message, "No space left") || strings.Contains(r.Message, "max_temp_directory_size"):
		return &DiskFullError{Detail: firstLine(r.Message)}
	case r.Type == "Out of Memory":
		return &MemoryError{Detail: firstLine(r.Message)}
	case r.Type == "IO" || r.Type == "Permission" || r.Type == "HTTP":
		return &FileError{Detail: firstLine(r.Message)}
	case r.Type == "INTERNAL" || r.Type == "FATAL":
		return fmt.Errorf("DuckDB failed inside; this is a bug in etl or in DuckDB: %s", firstLine(r.Message))
	}
	return r.sqlError(at)
}

func parseReport(err error) (report, bool) {
	var failure *duckdb.Error
	if !errors.As(err, &failure) {
		return report{}, false
	}
	// Parsers put "Parser Error: " before the JSON.
	r := report{}
	if start := strings.IndexByte(failure.Msg, '{'); start >= 0 {
		if json.Unmarshal([]byte(failure.Msg[start:]), &r) == nil && r.Type != "" {
			return r, true
		}
	}
	kind, message, _ := strings.Cut(failure.Msg, " Error: ")
	return report{Type: kind, Message: message}, message != ""
}

func (r report) sqlError(at *origin) *SQLError {
	e := &SQLError{Kind: r.Type, Offset: -1, Summary: r.summary(), Detail: sentence(r.Message)}
	if position, err := strconv.Atoi(r.Position); err == nil {
		e.Offset = at.offset(position)
	}
	if r.Subtype != "NO_MATCHING_FUNCTION" && r.Candidates != "" {
		e.Candidates = strings.Split(r.Candidates, ",")
	} else if r.Candidates == "" {
		e.Candidates = quotedCandidates(r.Message)
	}
	return e
}

func (r report) summary() string {
	switch {
	case r.Subtype == "COLUMN_NOT_FOUND" || strings.Contains(r.Message, "does not have a column named"):
		return "Unknown column in SQL"
	case r.Subtype == "MISSING_ENTRY" && r.Entry == "Table":
		return "Unknown table in SQL"
	case r.Subtype == "MISSING_ENTRY":
		return "Unknown function in SQL"
	case r.Subtype == "NO_MATCHING_FUNCTION":
		return "Wrong types in SQL"
	case strings.HasPrefix(r.Message, "Ambiguous reference"):
		return "Ambiguous column in SQL"
	case r.Type == "Parser" || r.Type == "Syntax":
		return "Invalid SQL"
	case r.Type == "Binder" || r.Type == "Catalog":
		return "Invalid SQL query"
	case r.Type == "Conversion" || r.Type == "Out of Range":
		return "A value doesn't fit"
	}
	return "The SQL query failed"
}

// quotedCandidates are the names of a line `Candidate bindings: "a", "b"`.
func quotedCandidates(message string) []string {
	_, list, ok := strings.Cut(message, "Candidate bindings: ")
	if !ok {
		return nil
	}
	var names []string
	for i, part := range strings.Split(strings.SplitN(list, "\n", 2)[0], `"`) {
		if i%2 == 1 {
			names = append(names, part)
		}
	}
	return names
}

// sentence keeps what DuckDB says without its lists of candidates, which have fields of their own.
func sentence(message string) string {
	for _, list := range []string{"\nCandidate bindings:", "\n\tCandidate functions:", "\nDid you mean", "\n\nLINE "} {
		message, _, _ = strings.Cut(message, list)
	}
	message = strings.TrimSpace(strings.ReplaceAll(message, "!\n", "\n"))
	if rest, ok := strings.CutPrefix(message, `Values list "`); ok { // what DuckDB calls a view
		message = `Table "` + rest
	}
	message = strings.TrimSuffix(message, "!")
	if message != "" && !strings.ContainsAny(message[len(message)-1:], ".!?") {
		message += "."
	}
	return message
}

func firstLine(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	return line
}
