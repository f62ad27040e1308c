package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/rogpeppe/go-internal/txtar"
)

// Wrong inputs and what is said to them: the files of an archive are a project, `want` is the whole output.
func TestWrong(t *testing.T) {
	archives, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no archives", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want := len(archive.Files) - 1
			files := map[string]string{}
			for _, f := range archive.Files[:want] {
				files[f.Name] = string(f.Data)
			}
			p, diags := project(t, files, nil)
			if !diags.HasErrors() {
				t.Error("no mistake was found")
			}
			for _, d := range diags {
				readable(t, d)
			}
			got := strings.ReplaceAll(render(t, p, diags), p.Dir, "DIR")
			if *update {
				archive.Files[want].Data = []byte(got)
				if err := os.WriteFile(name, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(archive.Files[want].Data) {
				t.Errorf("got:\n%s", got)
			}
		})
	}
}

var fixed = regexp.MustCompile(`^[A-Z][A-Za-z' /_-]+$`)

// readable holds a diagnostic against the house style: a fixed summary, a detail in whole sentences.
func readable(t *testing.T, d *hcl.Diagnostic) {
	t.Helper()
	if !fixed.MatchString(d.Summary) {
		t.Errorf("the summary %q isn't fixed words", d.Summary)
	}
	end := strings.TrimRight(d.Detail, ")\" ")
	if !strings.ContainsAny(end[len(end)-1:], ".?!…") {
		t.Errorf("%s: the detail %q doesn't end as a sentence", d.Summary, d.Detail)
	}
}
