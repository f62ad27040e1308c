package view

import (
	"bytes"
	"testing"
)

func TestDiff(t *testing.T) {
	var b bytes.Buffer
	if err := Diff(&b, "x.etl.hcl", "a = 1\nb  = 2\n", "a = 1\nb = 2\n"); err != nil {
		t.Fatal(err)
	}
	want := "diff a/x.etl.hcl b/x.etl.hcl\n--- a/x.etl.hcl\n+++ b/x.etl.hcl\n@@ -1,2 +1,2 @@\n a = 1\n-b  = 2\n+b = 2\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	b.Reset()
	if err := Diff(&b, "x", "same\n", "same\n"); err != nil || b.Len() > 0 {
		t.Errorf("equal texts differ: %q, %v", b.String(), err)
	}
}
