package state

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// Listing reads less of the metadata, and must see the same.
func TestDigestSeesTheSame(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	base := seed(t, l, 1, 2, 3)
	same := func(step string) {
		t.Helper()
		whole := now(t, l)
		o := optionsIn(dir)
		o.CacheDir = ""
		fresh, err := Open(t.Context(), o)
		must(t, err)
		defer fresh.Close()
		tables, err := fresh.Tables(t.Context())
		must(t, err)
		if !sameTable(tables[0], whole) {
			t.Fatalf("%s: listed as\n%+v, read as\n%+v", step, tables[0], whole)
		}
	}
	same("three commits")
	must(t, l.fence(t.Context(), "run-2", "run-2", now(t, l), everySnapshot))
	same("a fence")
	foreignAppend(t, l, 4)
	same("a foreign append")
	foreignAppend(t, l, 5)
	must(t, l.fence(t.Context(), "run-2", "run-2", now(t, l), everySnapshot))
	same("a fence on foreign appends")
	_, err := l.Rollback(t.Context(), orders, base.Main, "run-3")
	must(t, err)
	same("a rollback")
	c := change(now(t, l), nil, Empty)
	c.Properties = map[string]string{"odd": `{"snapshots":[{"a":"\\"}]} "`, "snapshots": "[{]"}
	c.Summary.Position = `"]}, "snapshots": [`
	commit(t, l, c)
	same("odd texts")
	document, err := os.ReadFile(mustPath(now(t, l).MetadataLocation))
	must(t, err)
	if reduced, n := digest(document); n != 9 || len(reduced) > len(document)/2 {
		t.Fatalf("%d snapshots, %d of %d bytes are left", n, len(reduced), len(document))
	}
}

func FuzzDigest(f *testing.F) {
	snapshot := `{"snapshot-id":%d,"parent-snapshot-id":%d,"sequence-number":1,"timestamp-ms":1,"manifest-list":"a","summary":{"operation":"append"}}`
	f.Add(`{"snapshots":[` + fmt.Sprintf(snapshot, 1, 0) + `,` + fmt.Sprintf(snapshot, 2, 1) + `],"current-snapshot-id":2}`)
	f.Add(`{"snapshots":[]}`)
	f.Add(`{"a":"\"","snapshots" : [ {"x":[{}]} ]}`)
	f.Add(`{"snapshots":[{"snapshot-id":1}`)
	f.Fuzz(func(t *testing.T, document string) {
		reduced, n := digest([]byte(document))
		if n < 0 && string(reduced) != document {
			t.Fatalf("%s became %s", document, reduced)
		}
		if n >= 0 && strings.Count(string(reduced), "{") > strings.Count(document, "{") {
			t.Fatalf("%s became %s", document, reduced)
		}
	})
}
