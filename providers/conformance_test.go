package providers_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(providers.BuiltIn())
	os.Exit(m.Run())
}

// TestConformance runs the built-in providers in processes of their own, over files with bad rows among the good.
func TestConformance(t *testing.T) {
	dir := t.TempDir()
	for part := range 3 {
		var asCSV, asJSON strings.Builder
		asCSV.WriteString("n,s\n")
		for i := range 400 {
			if i%50 == 7 {
				asCSV.WriteString("too,many,fields\n")
				asJSON.WriteString("{broken\n")
			}
			fmt.Fprintf(&asCSV, "%d,text %d\n", i, part)
			fmt.Fprintf(&asJSON, "{\"n\":%d,\"s\":\"text %d\"}\n", i, part)
		}
		outputtest.Write(t, dir, fmt.Sprintf("%d.csv", part), asCSV.String())
		outputtest.Write(t, dir, fmt.Sprintf("%d.jsonl", part), asJSON.String())
		staged := outputtest.Load(t, providers.BuiltIn()["csv"], outputtest.Source(dir, map[string]cty.Value{
			"path": cty.StringVal(fmt.Sprintf("%d.csv", part)),
		}), true)
		outputtest.CopyColumns(t, staged.Files[0], filepath.Join(dir, fmt.Sprintf("%d.parquet", part)), 2)
	}
	for provider, pattern := range map[string]string{"csv": "*.csv", "json": "*.jsonl", "parquet": "*.parquet"} {
		t.Run(provider, func(t *testing.T) { conforms(t, provider, dir, pattern) })
	}
}

func conforms(t *testing.T, provider, dir, pattern string) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e, err := conformance.Examine(t.Context(), conformance.Subject{
		Provider: provider,
		Host:     host.Options{Executable: executable, BuiltIn: []string{"csv", "json", "parquet"}, CacheDir: t.TempDir()},
		Config: func(c *host.Client) sdk.Config {
			values := c.Schema().Source.Empty().AsValueMap()
			values["path"] = cty.StringVal(pattern)
			return sdk.Config{
				Address: "source." + provider + ".test", Dir: dir, Source: cty.ObjectVal(values), Mode: schema.Incremental, Extract: cty.EmptyObjectVal,
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range conformance.Cases() {
		if err := c.Run(t.Context(), e); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}
