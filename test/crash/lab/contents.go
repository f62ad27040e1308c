package lab

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// Tables are the project's tables as `etl state list` has them, quarantines included, sorted.
func (l *Lab) Tables(t testing.TB) []string {
	t.Helper()
	r := l.Must(t, 0, "state", "list", "-format=json")
	var rows []struct {
		Table string `json:"table"`
	}
	if err := json.Unmarshal([]byte(r.Stdout), &rows); err != nil {
		t.Fatalf("reading `etl state list -format=json`: %v\n%s", err, r.Stdout)
	}
	var names []string
	for _, row := range rows {
		names = append(names, row.Table)
	}
	sort.Strings(names)
	return names
}

// loadedAt is the time in a quarantined row's raw text.
var loadedAt = regexp.MustCompile(`(_etl_loaded_at\W*:)[^,}]*`)

// Rows are all rows of these tables, a line each, sorted; what names the run or its time is left out.
func (l *Lab) Rows(t testing.TB, tables ...string) string {
	t.Helper()
	var parts []string
	for _, table := range tables {
		parts = append(parts, fmt.Sprintf(
			`SELECT '%s' AS t, CAST(to_json(r) AS VARCHAR) AS r FROM (SELECT COLUMNS(c -> c NOT IN ('_etl_run', '_etl_loaded_at')) FROM %s) AS r`, table, table))
	}
	r := l.Must(t, 0, "query", "-format=csv", strings.Join(parts, " UNION ALL "))
	records, err := csv.NewReader(strings.NewReader(r.Stdout)).ReadAll()
	if err != nil {
		t.Fatalf("reading what `etl query` printed: %v\n%s", err, r.Stdout)
	}
	var lines []string
	for _, record := range records[1:] {
		lines = append(lines, loadedAt.ReplaceAllString(strings.Join(record, " "), "$1"))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// Difference is what two sorted texts of lines don't share, shortened; empty if they are equal.
func Difference(got, want string) string {
	if got == want {
		return ""
	}
	count := map[string]int{}
	for line := range strings.SplitSeq(got, "\n") {
		count[line]++
	}
	for line := range strings.SplitSeq(want, "\n") {
		count[line]--
	}
	var lines []string
	for line, n := range count {
		switch {
		case n > 0:
			lines = append(lines, fmt.Sprintf("too many  (%d): %s", n, line))
		case n < 0:
			lines = append(lines, fmt.Sprintf("too few   (%d): %s", -n, line))
		}
	}
	sort.Strings(lines)
	if len(lines) > 20 {
		lines = append(lines[:20], fmt.Sprintf("and %d more", len(lines)-20))
	}
	return strings.Join(lines, "\n")
}

// Digest names every file of the catalog and the warehouse with a hash of its content; the cache is no part of them.
func (l *Lab) Digest(t testing.TB) string {
	t.Helper()
	var lines []string
	for _, folder := range []string{".etl", "warehouse"} {
		err := filepath.WalkDir(filepath.Join(l.Dir, folder), func(path string, entry fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case entry.IsDir() && path == filepath.Join(l.Dir, ".etl", "cache"):
				return fs.SkipDir
			case entry.IsDir():
				return nil
			}
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum := sha256.Sum256(content)
			lines = append(lines, strings.TrimPrefix(path, l.Dir)+" "+hex.EncodeToString(sum[:]))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(lines, "\n")
}

// Locks are the leases that stand, as `etl state locks` has them.
func (l *Lab) Locks(t testing.TB) string {
	t.Helper()
	r := l.Must(t, 0, "state", "locks", "-format=json")
	text := strings.TrimSpace(r.Stdout)
	if text == "[]" || text == "null" {
		return ""
	}
	return text
}
