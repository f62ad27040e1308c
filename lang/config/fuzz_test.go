package config

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"os"
)

// Whatever a file holds, loading it says something and doesn't panic; and what has no mistakes has a project.
func FuzzLoad(f *testing.F) {
	archives, err := filepath.Glob("testdata/wrong/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		archive, parseErr := txtar.ParseFile(name)
		if parseErr != nil {
			f.Fatal(parseErr)
		}
		f.Add(string(archive.Files[0].Data))
	}
	shop, err := os.ReadFile("testdata/shop.etl.hcl")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(shop))
	f.Fuzz(func(t *testing.T, text string) {
		for _, secrets := range []bool{true, false} {
			p, diags := project(t, map[string]string{"a.etl.hcl": text}, func(o *Options) { o.NeedSecrets = secrets })
			if p == nil {
				t.Fatal("no project")
			}
			for _, d := range diags {
				if d.Summary == "" || d.Detail == "" {
					t.Fatalf("an empty diagnostic: %#v", d)
				}
			}
			render(t, p, diags)
			if diags.HasErrors() {
				continue
			}
			for _, table := range p.Tables {
				if table.From == nil && table.SQL == nil {
					t.Fatalf("%s has no input and no mistake was found", table.Addr)
				}
				if q := table.SQL; q != nil {
					for i := range len(q.Text) + 1 {
						q.At(i)
					}
				}
			}
		}
	})
}
