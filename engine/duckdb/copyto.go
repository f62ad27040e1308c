package duckdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Format is a way to hand rows to other programs.
type Format string

// Formats.
const (
	CSV     Format = "csv"  // with a header; null is empty, an empty string is ""
	JSON    Format = "json" // one array of objects; numbers that JSON lacks are strings
	Parquet Format = "parquet"
)

// CopyTo computes a query and sends all its rows. They pass through a file among what DuckDB spills, so that memory stays
// bounded.
func (s *Session) CopyTo(ctx context.Context, query string, format Format, to io.Writer) (err error) {
	if err = s.requireSelect(ctx, query); err != nil {
		return err
	}
	columns, err := s.display(ctx, query)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(s.engine.spill, "copy-")
	if err != nil {
		return fmt.Errorf("making a folder for the query's result: %w", err)
	}
	defer func() { err = firstError(err, os.RemoveAll(folder)) }()
	path := filepath.Join(folder, "result")
	options, outputs, err := formatOptions(format, columns)
	if err != nil {
		return err
	}
	statement, at := copyQuery("COPY (SELECT "+outputs+" FROM (\n", Statement(query),
		fmt.Sprintf("\n) AS q(%s)) TO %s (%s)", numbered("c", len(columns)), dialect.Text(path), options))
	if _, err := s.conn.ExecContext(ctx, statement); err != nil {
		return s.failure(ctx, err, at)
	}
	return send(ctx, path, to)
}

func formatOptions(format Format, columns []displayed) (options, outputs string, err error) {
	options = map[Format]string{CSV: "FORMAT csv, HEADER true", JSON: "FORMAT json, ARRAY true", Parquet: "FORMAT parquet, COMPRESSION zstd"}[format]
	if options == "" {
		return "", "", fmt.Errorf("there is no format %q; choose csv, json or parquet", format)
	}
	parts := make([]string, len(columns))
	for i, c := range columns {
		x := fmt.Sprintf("c%d", i)
		switch {
		case c.foreign:
			parts[i] = asText(x)
		case format == JSON:
			parts[i] = finite(c.Type, x, 0)
		default: // not the wider types that DuckDB computes with
			parts[i] = "CAST(" + x + " AS " + dialect.Type(c.Type) + ")"
		}
		parts[i] += " AS " + dialect.Ident(c.Name)
	}
	if format == Parquet && slices.ContainsFunc(columns, func(c displayed) bool { return hasFloats(c.Type) }) {
		options += ", DICTIONARY_SIZE_LIMIT 0" // see stoppedAtZero
	}
	return options, strings.Join(parts, ", "), nil
}

// finite is a value with the numbers that JSON lacks made strings, also where they are nested.
func finite(t coltype.Type, x string, depth int) string {
	if !hasFloats(t) {
		return x
	}
	item := fmt.Sprintf("e%d", depth)
	switch t.Kind {
	case coltype.Struct:
		parts := make([]string, len(t.Fields))
		for i, f := range t.Fields {
			parts[i] = dialect.Ident(f.Name) + " := " + finite(f.Type, x+"."+dialect.Ident(f.Name), depth)
		}
		return "CASE WHEN " + x + " IS NULL THEN NULL ELSE struct_pack(" + strings.Join(parts, ", ") + ") END"
	case coltype.List:
		return fmt.Sprintf("list_transform(%s, lambda %s: %s)", x, item, finite(t.Elem.Type, item, depth+1))
	case coltype.Map:
		entry := fmt.Sprintf("{key: %s.key, value: %s}", item, finite(t.Elem.Type, item+".value", depth+1))
		return fmt.Sprintf("CASE WHEN %s IS NULL THEN NULL ELSE map_from_entries(list_transform(map_entries(%s), lambda %s: %s)) END", x, x, item, entry)
	}
	return fmt.Sprintf("CASE WHEN isfinite(%[1]s) THEN to_json(%[1]s) WHEN isnan(%[1]s) THEN to_json('NaN') WHEN %[1]s > 0 THEN to_json('Infinity') WHEN %[1]s < 0 THEN to_json('-Infinity') END", x)
}

func hasFloats(t coltype.Type) bool {
	switch t.Kind {
	case coltype.Float, coltype.Double:
		return true
	case coltype.Struct:
		for _, f := range t.Fields {
			if hasFloats(f.Type) {
				return true
			}
		}
	case coltype.List, coltype.Map:
		return t.Elem != nil && hasFloats(t.Elem.Type) // a map's key is text in JSON anyway
	}
	return false
}

func send(ctx context.Context, path string, to io.Writer) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading the query's result: %w", err)
	}
	defer func() { _ = file.Close() }()
	buffer := make([]byte, 1<<20)
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sending the query's result was interrupted: %w", err)
		}
		n, err := file.Read(buffer)
		if _, writeErr := to.Write(buffer[:n]); writeErr != nil {
			return fmt.Errorf("sending the query's result: %w", writeErr)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the query's result: %w", err)
		}
	}
}
