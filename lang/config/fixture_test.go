package config

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

// plugin describes two providers as real ones would: csv without a connection, postgres with one.
func plugin(_ context.Context, name string) (schema.Provider, error) {
	switch name {
	case "csv":
		return schema.Provider{
			Name: "csv",
			Source: schema.Block{Attributes: []schema.Attribute{
				{Name: "path", Type: cty.String, Required: true, Doc: "The files."},
				{Name: "null_if", Type: cty.List(cty.String), Default: cty.ListVal([]cty.Value{cty.StringVal("")})},
				{Name: "types", Kind: schema.Types},
				{Name: "delimiter", Type: cty.String, Default: cty.StringVal(","), OneOf: []string{",", ";", "\t"}},
				{Name: "threads", Type: cty.Number, Cosmetic: true},
				{Name: "fields_by", Type: cty.String, Deprecated: "Write delimiter."},
			}},
			Extract: map[string]schema.Block{"batch": {}, "incremental": {}},
		}, nil
	case "postgres":
		return schema.Provider{
			Name: "postgres",
			Connection: &schema.Block{Attributes: []schema.Attribute{
				{Name: "dsn", Type: cty.String, Required: true, Sensitive: true},
				{Name: "timeout", Type: cty.String, Cosmetic: true},
			}},
			Source: schema.Block{
				Attributes: []schema.Attribute{
					{Name: "table", Type: cty.String, Required: true},
					{Name: "where", Kind: schema.Expression},
				},
				Blocks: []schema.NestedBlock{
					{Name: "option", Labels: []string{"name"}, Block: schema.Block{Attributes: []schema.Attribute{
						{Name: "value", Type: cty.String, Required: true},
					}}},
					{Name: "tls", Max: 1, Block: schema.Block{Attributes: []schema.Attribute{
						{Name: "ca", Type: cty.String},
					}}},
				},
			},
			Extract: map[string]schema.Block{
				"batch": {},
				"incremental": {Attributes: []schema.Attribute{
					{Name: "cursor", Kind: schema.Column, Required: true},
					{Name: "key", Kind: schema.Columns},
					{Name: "lookback", Type: cty.String},
					{Name: "batch_size", Type: cty.Number, Default: cty.NumberIntVal(10000), Cosmetic: true},
				}},
				"delta": {},
			},
		}, nil
	}
	return schema.Provider{}, errors.New("there is no such provider; built in are csv and postgres")
}

// project writes files into a folder and loads it.
func project(t testing.TB, files map[string]string, change func(*Options)) (*Project, hcl.Diagnostics) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	opt := Options{Dir: dir, NeedSecrets: true, Plugin: plugin, Version: "0.1.0"}
	if change != nil {
		change(&opt)
	}
	return Load(context.Background(), opt)
}

// good loads a project of one file that must have no mistakes.
func good(t testing.TB, text string) *Project {
	t.Helper()
	p, diags := project(t, map[string]string{"main.etl.hcl": text}, nil)
	if diags.HasErrors() {
		t.Fatal(render(t, p, diags))
	}
	return p
}

func render(t testing.TB, p *Project, diags hcl.Diagnostics) string {
	t.Helper()
	var b bytes.Buffer
	if err := hcl.NewDiagnosticTextWriter(&b, p.Files, 0, false).WriteDiagnostics(diags); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func table(t testing.TB, p *Project, address string) *Table {
	t.Helper()
	for _, table := range p.Tables {
		if table.Addr.String() == address {
			return table
		}
	}
	t.Fatalf("there is no %s", address)
	return nil
}

func must(t testing.TB, name string) schema.Provider {
	t.Helper()
	p, err := plugin(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
