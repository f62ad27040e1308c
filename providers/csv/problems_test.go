package csv_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

func gzipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// incompressible makes a gzip file large enough that damage in its middle is found only after some of it was read.
func incompressible(t *testing.T) string {
	var b strings.Builder
	b.WriteString("a\n")
	for i := range 50_000 {
		fmt.Fprintf(&b, "%d\n", i*7919%1_000_003)
	}
	return gzipped(t, b.String())
}

// TestProblems plans bad input: each is a diagnostic that names the file and says how to mend it.
func TestProblems(t *testing.T) {
	broken := incompressible(t)
	for _, test := range []struct {
		name       string
		files      map[string]string
		attributes attrs
		want       []string
	}{
		{"no file", nil, nil, []string{"File not found", "There is no file in.csv"}},
		{"no match", nil, attrs{"path": cty.StringVal("data/**/*.csv")}, []string{"No files match", `"data/**/*.csv"`}},
		{"folder", map[string]string{"in.csv/x.csv": "a\n1\n"}, nil, []string{"Path is a folder", `"in.csv/*"`}},
		{"bad pattern", nil, attrs{"path": cty.StringVal("data/[x.csv")}, []string{"Invalid pattern"}},
		{"remote", nil, attrs{"path": cty.StringVal("s3://lake/x.csv")}, []string{"Not supported yet", "s3"}},
		{"empty path", nil, attrs{"path": cty.StringVal("")}, []string{"Invalid path"}},
		{"paths of numbers", nil, attrs{"path": cty.ListVal([]cty.Value{cty.NumberIntVal(1)})}, []string{"Invalid path"}},
		{"empty file", map[string]string{"in.csv": ""}, nil, []string{"No columns found", "in.csv"}},
		{"truncated gzip", map[string]string{"in.csv": broken[:len(broken)/2]}, nil, []string{"Damaged compressed file", "in.csv", "ends too early"}},
		{"checksum of gzip", map[string]string{"in.csv": broken[:len(broken)-8] + "\x00\x00\x00\x00" + broken[len(broken)-4:]}, nil,
			[]string{"Damaged compressed file", "checksum"}},
		{"corrupt gzip", map[string]string{"in.csv": broken[:5000] + strings.Repeat("\xff", 200) + broken[5200:]}, nil,
			[]string{"Damaged compressed file"}},
		{"named gz, plain", map[string]string{"in.csv.gz": "a\n1\n"}, attrs{"path": cty.StringVal("in.csv.gz")},
			[]string{"Not a compressed file", `compression = "none"`}},
		{"gzip as declared zstd", map[string]string{"in.csv": broken}, attrs{"compression": cty.StringVal("zstd")},
			[]string{"Damaged compressed file", "zstd"}},
		{"UTF-16 with mark", map[string]string{"in.csv": "\xff\xfea\x00\n\x00"}, nil, []string{"File is in UTF-16", `encoding = "utf-16"`}},
		{"UTF-16 without mark", map[string]string{"in.csv": "a\x00,\x00b\x00\n\x001\x00,\x002\x00\n\x00"}, nil,
			[]string{"File is in UTF-16", `encoding = "utf-16le"`}},
		{"binary", map[string]string{"in.csv": "\x7fELF\x02\x01\x01\x00\x00\x00\x03\x00>\x00\x01\x00\x00\x00"}, nil, []string{"Not a text file"}},
		{"header not UTF-8", map[string]string{"in.csv": "stra\xdfe\n1\n"}, nil, []string{"Header is not UTF-8", "windows-1252"}},
		{"duplicate", map[string]string{"in.csv": "id,x,id\n1,2,3\n"}, nil, []string{"Duplicate column name", `"id"`, "in.csv"}},
		{"case", map[string]string{"in.csv": "id,Id\n1,2\n"}, nil, []string{"Column names differ only by case"}},
		{"case across files", map[string]string{"a.csv": "id\n1\n", "b.csv": "ID\n1\n"}, attrs{"path": cty.StringVal("*.csv")},
			[]string{"Column names differ only by case"}},
		{"reserved", map[string]string{"in.csv": "_etl_row\n1\n"}, nil, []string{"Reserved column name"}},
		{"unterminated header", map[string]string{"in.csv": "\"id,x\n1,2\n"}, nil, []string{"Unreadable header"}},
		{"unknown type", map[string]string{"in.csv": "a\n1\n"}, attrs{"types": typed("a", "lnog")}, []string{"Invalid column type"}},
		{"unknown column", map[string]string{"in.csv": "amount\n1\n"}, attrs{"types": typed("amuont", "long")}, []string{"Unknown column", `Did you mean "amount"?`}},
		{"delimiter", nil, attrs{"delimiter": cty.StringVal("||")}, []string{"Invalid character", "delimiter"}},
		{"conflict", nil, attrs{"delimiter": cty.StringVal(`"`)}, []string{"Conflicting characters"}},
		{"columns and header", nil, attrs{"columns": texts("a")}, []string{"Columns named twice"}},
		{"format", nil, attrs{"date_format": cty.StringVal("%d.%Q")}, []string{"Invalid format", "%Q"}},
		{"encoding", nil, attrs{"encoding": cty.StringVal("ebcdic")}, []string{"Invalid value", "ebcdic"}},
		{"compression", nil, attrs{"compression": cty.StringVal("rar")}, []string{"Invalid value", "rar"}},
		{"line length", nil, attrs{"max_line_bytes": cty.NumberIntVal(1)}, []string{"Invalid length of lines"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, content := range test.files {
				outputtest.Write(t, dir, name, content)
			}
			all := attrs{"path": cty.StringVal("in.csv")}
			for name, value := range test.attributes {
				all[name] = value
			}
			plan, diags := csv.New().Plan(context.Background(), outputtest.Source(dir, all), sdk.PlanRequest{})
			if plan != nil || !diags.HasErrors() {
				t.Fatalf("planned, with %v", diags)
			}
			for _, want := range test.want {
				if !strings.Contains(diags.Error(), want) {
					t.Errorf("got %s\nwithout %q", diags.Error(), want)
				}
			}
		})
	}
}

func TestPipe(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "in.csv"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, diags := csv.New().Plan(context.Background(), outputtest.Source(dir, attrs{"path": cty.StringVal("in.csv")}), sdk.PlanRequest{})
	if !strings.Contains(diags.Error(), "Not a regular file") {
		t.Errorf("got %v", diags)
	}
}

// TestLongLine has 100 MB on one line, with good rows around it.
func TestLongLine(t *testing.T) {
	dir := t.TempDir()
	path := outputtest.Write(t, dir, "in.csv", "a,b\n1,x\n")
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := f.Write(bytes.Repeat([]byte{'y'}, 1_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.WriteString("\n3,z\n"); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	got := outputtest.Load(t, csv.New(), outputtest.Source(dir, attrs{"path": cty.StringVal("in.csv")}), true)
	if len(got.Rows) != 2 || got.Rows[1].Number != 3 || len(got.BadRows) != 1 {
		t.Fatalf("%d rows, %d bad ones", len(got.Rows), len(got.BadRows))
	}
	bad := got.BadRows[0]
	if len(bad.Raw) != 64<<10 || bad.Position != "line 3" || !strings.Contains(bad.Reason, "100000000 bytes") {
		t.Errorf("%d bytes at %s: %s", len(bad.Raw), bad.Position, bad.Reason)
	}
}

func TestWide(t *testing.T) {
	var header, row strings.Builder
	for i := range 1600 {
		if i > 0 {
			header.WriteByte(',')
			row.WriteByte(',')
		}
		fmt.Fprintf(&header, "c%d", i)
		fmt.Fprintf(&row, "%d", i)
	}
	got := load(t, header.String()+"\n"+row.String()+"\n", nil, true)
	if len(got.Rows) != 1 || got.Rows[0].Values[1599] != int64(1599) {
		t.Errorf("got %d rows", len(got.Rows))
	}
}
