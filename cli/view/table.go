package view

import (
	"fmt"
	"io"
	"strings"
)

// The formats of a table, besides JSON.
const (
	FormatTable = "table"
	FormatCSV   = "csv"
)

// Table prints rows of text.
func Table(w io.Writer, columns []string, rows [][]string, format string) error {
	values := make([][]any, len(rows))
	for i, row := range rows {
		values[i] = make([]any, len(row))
		for j, cell := range row {
			values[i][j] = cell
		}
	}
	return Values(w, columns, values, format)
}

// Values prints rows of values as a query gives them: nil is NULL.
func Values(w io.Writer, columns []string, rows [][]any, format string) error {
	for i, row := range rows {
		if len(row) != len(columns) {
			return fmt.Errorf("row %d has %d values for %d columns: this is a bug in etl", i+1, len(row), len(columns))
		}
	}
	switch format {
	case FormatTable, FormatText, "":
		return alignedTable(w, columns, rows)
	case FormatCSV:
		return csvTable(w, columns, rows)
	case FormatJSON:
		return jsonTable(w, columns, rows)
	default:
		return fmt.Errorf("unknown format %q: the formats are table, csv and json", format)
	}
}

// widestCell bounds a column of the aligned table; csv and json never cut.
const widestCell = 120

// alignedTable lines columns up by display width; columns of numbers to the right.
func alignedTable(w io.Writer, names []string, rows [][]any) error {
	cells := make([][]string, len(rows))
	widths, numeric := make([]int, len(names)), make([]bool, len(names))
	header, rule := make([]string, len(names)), make([]string, len(names))
	for j, name := range names {
		header[j] = cut(visible(name), widestCell)
		widths[j], numeric[j] = columns(header[j]), numbers(rows, j)
	}
	for i, row := range rows {
		cells[i] = make([]string, len(row))
		for j, value := range row {
			cells[i][j] = cut(visible(cellText(value)), widestCell)
			widths[j] = max(widths[j], columns(cells[i][j]))
		}
	}
	for j := range rule {
		rule[j] = strings.Repeat("-", widths[j])
	}
	var b strings.Builder
	for _, row := range append([][]string{header, rule}, cells...) {
		b.WriteString(alignedRow(row, widths, numeric) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func alignedRow(cells []string, widths []int, numeric []bool) string {
	out := make([]string, len(cells))
	for j, cell := range cells {
		if numeric[j] {
			out[j] = padLeft(cell, widths[j])
			continue
		}
		out[j] = pad(cell, widths[j])
	}
	return strings.TrimRight(strings.Join(out, "  "), " ")
}

// numbers tells whether a column holds numbers and nothing else.
func numbers(rows [][]any, column int) bool {
	found := false
	for _, row := range rows {
		if row[column] == nil {
			continue
		}
		if !numeric(row[column]) {
			return false
		}
		found = true
	}
	return found
}

// csvTable follows RFC 4180, with \n at line ends. NULL is empty and an empty string is "", as the csv source reads them.
func csvTable(w io.Writer, names []string, rows [][]any) error {
	var b strings.Builder
	fields := make([]string, len(names))
	for j, name := range names {
		fields[j] = csvField(name)
	}
	b.WriteString(strings.Join(fields, ",") + "\n")
	for _, row := range rows {
		for j, value := range row {
			fields[j] = ""
			if value != nil {
				fields[j] = csvField(cellText(value))
			}
		}
		b.WriteString(strings.Join(fields, ",") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func csvField(text string) string {
	if text != "" && text == strings.TrimSpace(text) && !strings.ContainsAny(text, ",\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
