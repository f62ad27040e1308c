package view

import (
	"fmt"
	"io"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff prints what changes from one text of a file to another, as a unified diff that patch understands.
func Diff(w io.Writer, name, before, after string) error {
	if _, err := w.Write(diff.Diff("a/"+name, []byte(before), "b/"+name, []byte(after))); err != nil {
		return fmt.Errorf("printing a diff: %w", err)
	}
	return nil
}
