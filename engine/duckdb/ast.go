package duckdb

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// node is an object of DuckDB's syntax tree.
type node map[string]any

// queryer is a connection or a pool of them.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// serialize parses a query and gives its syntax tree. What is not exactly one SELECT is refused with a *SQLError.
func serialize(ctx context.Context, q queryer, query string) (node, error) {
	if at := strings.IndexByte(query, 0); at >= 0 {
		return nil, refused(at, "The query holds a zero byte. Remove it.")
	}
	if at := invalidUTF8(query); at >= 0 {
		return nil, refused(at, "The query is not valid UTF-8 here. Save the file as UTF-8.")
	}
	var text string
	if err := q.QueryRowContext(ctx, "SELECT json_serialize_sql(?::VARCHAR)::VARCHAR", query).Scan(&text); err != nil {
		return nil, fmt.Errorf("parsing SQL: %w", classify(err, nil))
	}
	var tree struct {
		Error      bool   `json:"error"`
		ErrorType  string `json:"error_type"`
		Message    string `json:"error_message"`
		Position   string `json:"position"`
		Statements []struct {
			Node       node  `json:"node"`
			Parameters []any `json:"named_param_map"`
		} `json:"statements"`
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("reading DuckDB's syntax tree: %w", err)
	}
	switch {
	case tree.Error && tree.ErrorType == "parser":
		r := report{Type: "Parser", Message: tree.Message, Position: tree.Position}
		return nil, r.sqlError(&origin{length: len(query)})
	case tree.Error:
		return nil, refused(firstToken(query), notSelect(query))
	case len(tree.Statements) == 0:
		return nil, refused(-1, "The query is empty. Write one SELECT.")
	case len(tree.Statements) > 1:
		return nil, refused(secondStatement(query), "There is more than one statement. Write one SELECT; steps of it can be common table expressions (WITH … AS).")
	case len(tree.Statements[0].Parameters) > 0:
		return nil, refused(-1, "Parameters (?, $1, $name) have no value here. Insert values with ${…}.")
	}
	return tree.Statements[0].Node, nil
}

// invalidUTF8 is the first byte that is no part of a character, -1 if there is none.
func invalidUTF8(text string) int {
	for at, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[at:], string(utf8.RuneError)) {
			return at
		}
	}
	return -1
}

func refused(offset int, detail string) *SQLError {
	return &SQLError{Kind: "Refused", Offset: offset, Summary: "Not allowed in SQL", Detail: detail}
}

func notSelect(query string) string {
	if strings.Contains(strings.ToLower(query), "pivot") {
		return "Only a single SELECT is allowed. A PIVOT needs its values spelled out, as in PIVOT t ON c IN ('a', 'b') USING sum(x), so that the columns don't depend on the rows."
	}
	return "Only a single SELECT is allowed: a table's rows are what its query gives, and etl does the writing."
}

func firstToken(query string) int {
	for at := 0; at < len(query); {
		end, kind := token(query, at)
		if kind != tokenSpace {
			return at
		}
		at = end
	}
	return -1
}

// secondStatement is where the text after the first semicolon begins.
func secondStatement(query string) int {
	for at := 0; at < len(query); {
		end, kind := token(query, at)
		if kind == tokenOther && query[at] == ';' {
			if next := firstToken(query[end:]); next >= 0 {
				return end + next
			}
		}
		at = end
	}
	return -1
}

func (n node) text(key string) string {
	text, _ := n[key].(string)
	return text
}

// location is the byte of the query that a node is about, -1 if it has none.
func (n node) location() int {
	number, ok := n["query_location"].(json.Number)
	if !ok {
		return -1
	}
	at, err := strconv.Atoi(number.String())
	if err != nil { // the largest number of 64 bits stands for none
		return -1
	}
	return at
}

// child is the object under a key, nil if there is none.
func (n node) child(key string) node {
	object, _ := n[key].(map[string]any)
	return object
}

// keys are sorted, so that walks go the same way every time.
func (n node) keys() []string {
	keys := make([]string, 0, len(n))
	for key := range n {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
