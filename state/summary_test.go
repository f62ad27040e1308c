package state

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/lang/addr"
)

func drawQuarantine(t *rapid.T) Quarantine {
	return Quarantine{Sequence: rapid.Int64().Draw(t, "sequence"), Rows: rapid.Int64().Draw(t, "rows")}
}

func drawSummary(t *rapid.T) Summary {
	text := rapid.StringMatching(`[ -~äöü😀"\\]{0,40}`)
	s := Summary{
		CommitID: rapid.StringMatching(`[a-z0-9-]{1,20}`).Draw(t, "commit"), RunID: text.Draw(t, "run"), PlanID: text.Draw(t, "plan"),
		HashVersion: rapid.Int().Draw(t, "version"), DataHash: text.Draw(t, "hash"), Fingerprint: text.Draw(t, "print"),
		Position: text.Draw(t, "position"), RowsRead: rapid.Int64().Draw(t, "read"), RowsWritten: rapid.Int64().Draw(t, "written"),
		RowsBad: rapid.Int64().Draw(t, "bad"), Mode: text.Draw(t, "mode"), Highest: text.Draw(t, "highest"),
		Quarantine: rapid.Ptr(rapid.Custom(drawQuarantine), true).Draw(t, "quarantine"),
		At:         time.UnixMicro(rapid.Int64Range(0, 4e15).Draw(t, "at")).UTC(),
	}
	if size := rapid.IntRange(0, 20000).Draw(t, "cursor"); size > 0 {
		s.Cursor = map[string][]byte{"": make([]byte, size), text.Draw(t, "partition"): {0xff}}
	}
	s.Keeps = rapid.SliceOfN(text, 0, 2).Draw(t, "keeps")
	if len(s.Keeps) == 0 {
		s.Keeps = nil
	}
	for range rapid.IntRange(0, 2).Draw(t, "keys") {
		s.Keys = append(s.Keys, rapid.SliceOfN(text, 1, 2).Draw(t, "key"))
	}
	for range rapid.IntRange(0, 3).Draw(t, "inputs") {
		s.Inputs = append(s.Inputs, Input{Address: text.Draw(t, "address"), Ident: addr.Ident{Namespace: "a", Name: text.Draw(t, "name")}, Snapshot: rapid.Int64().Draw(t, "snapshot")})
		s.Checks = append(s.Checks, CheckResult{Name: text.Draw(t, "check"), Failed: rapid.Int64().Draw(t, "failed")})
	}
	return s
}

func TestSummariesComeBackWhole(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		want := drawSummary(rt)
		props, err := want.encode()
		if err == nil {
			err = spill(dir, props)
		}
		if err != nil {
			rt.Fatal(err)
		}
		if size(props) > maxSummary {
			rt.Fatalf("%d bytes", size(props))
		}
		props, err = unspill(dir, props)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := decodeSummary(props)
		if err != nil {
			rt.Fatal(err)
		}
		a, _ := json.Marshal(want)
		b, _ := json.Marshal(got)
		if string(a) != string(b) {
			rt.Fatalf("recorded %s, read %s", a, b)
		}
	})
}

func TestSpilledFilesAreChecked(t *testing.T) {
	dir := t.TempDir()
	sum, err := writeSpilled(dir, []byte("content"))
	must(t, err)
	if _, err := readSpilled(dir, strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Errorf("a missing file: %v", err)
	}
	must(t, appendByte(filepath.Join(spillFolder(dir), sum)))
	if _, err := readSpilled(dir, sum); err == nil || !strings.Contains(err.Error(), "isn't what its name says") {
		t.Errorf("a changed file: %v", err)
	}
}

func TestLocations(t *testing.T) {
	for path, location := range map[string]string{
		"/a/b_1/c.parquet": "file:///a/b_1/c.parquet", "/a b/c": "/a b/c", "/a#b": "/a#b", "/50%/x": "/50%/x", "/ü": "/ü", "/a:b/c=1": "file:///a:b/c=1",
	} {
		if got := locationOf(path); got != location {
			t.Errorf("%s is recorded as %s", path, got)
		}
		if got, err := pathOf(location); err != nil || got != path {
			t.Errorf("%s is read as %s, %v", location, got, err)
		}
	}
	for location, path := range map[string]string{"file:/a/b": "/a/b", "file://localhost/a": "/a", "FILE:///a": "/a", "file:///a%20b": "/a b"} {
		if got, err := pathOf(location); err != nil || got != path {
			t.Errorf("%s is read as %s, %v", location, got, err)
		}
	}
	for _, location := range []string{"s3://bucket/a", "gs://b/c"} {
		if got, err := pathOf(location); err == nil {
			t.Errorf("%s is read as %s", location, got)
		}
	}
}

func FuzzDecodeSummary(f *testing.F) {
	f.Add("1", "0", `{"":"AA=="}`, `[]`, "2026-11-23T02:00:00Z")
	f.Add("x", "", `{`, `[1]`, "yesterday")
	f.Fuzz(func(t *testing.T, version, rows, cursor, inputs, at string) {
		props := map[string]string{KeyHashVersion: version, KeyRowsRead: rows, KeyRowsWritten: rows, KeyRowsBad: rows, KeyCursor: cursor, KeyInputs: inputs, KeyAt: at}
		s, err := decodeSummary(props)
		if err != nil {
			return
		}
		again, err := s.encode()
		must(t, err)
		if back, err := decodeSummary(again); err != nil || !back.At.Equal(s.At) || back.RowsRead != s.RowsRead || len(back.Cursor) != len(s.Cursor) {
			t.Fatalf("%+v became %+v, %v", s, back, err)
		}
	})
}
