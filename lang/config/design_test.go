package config

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const dsn = "postgres://u:hunter2@h/db"

// The project that the design describes, decoded: addresses, names and definitions.
func TestShop(t *testing.T) {
	src, err := os.ReadFile("testdata/shop.etl.hcl")
	if err != nil {
		t.Fatal(err)
	}
	p, diags := project(t, map[string]string{"shop.etl.hcl": string(src)}, func(o *Options) {
		o.Environ = []string{"SHOP_DSN=" + dsn}
	})
	if diags.HasErrors() {
		t.Fatal(render(t, p, diags))
	}
	got := describe(p)
	if strings.Contains(got, "hunter2") {
		t.Error("a secret stands in a definition")
	}
	golden(t, "testdata/shop.golden", got)
}

func describe(p *Project) string {
	var b strings.Builder
	for _, table := range p.Tables {
		fmt.Fprintf(&b, "%s = %s\n", table.Addr, table.Ident)
		for _, item := range table.Definition.Data {
			fmt.Fprintf(&b, "  data %s = %s\n", item.Path, item.Value)
		}
		for _, item := range table.Definition.Meta {
			fmt.Fprintf(&b, "  meta %s = %s\n", item.Path, item.Value)
		}
	}
	return b.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s", name, got)
	}
}
