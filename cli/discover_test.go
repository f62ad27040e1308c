package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// TestMain is the provider as well.
func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(builtIn())
	os.Exit(m.Run())
}

func builtIn() map[string]sdk.Provider { return map[string]sdk.Provider{"shop": shop{}} }

// shop offers two tables to those who know its secret, and tells it to those who don't ask for it.
type shop struct{}

func (shop) Schema() schema.Provider {
	return schema.Provider{
		Name: "shop", Version: "1.0.0",
		Connection: &schema.Block{Attributes: []schema.Attribute{
			{Name: "dsn", Type: cty.String, Required: true, Sensitive: true, Doc: "Where it is."}, {Name: "port", Type: cty.Number},
		}},
		Source:  schema.Block{Attributes: []schema.Attribute{{Name: "table", Type: cty.String, Required: true}}},
		Extract: map[string]schema.Block{schema.Batch: {}},
	}
}

func (shop) Capabilities() sdk.Capabilities                       { return sdk.Capabilities{} }
func (shop) Validate(context.Context, sdk.Config) sdk.Diagnostics { return nil }
func (shop) Check(context.Context, sdk.Config) sdk.Diagnostics    { return nil }

func (shop) Discover(_ context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	switch dsn := cfg.Connection.GetAttr("dsn").AsString(); dsn {
	case "refuse-hunter2":
		return nil, sdk.Errorf("Connection refused", "Nobody answers at %s.", dsn)
	case "crash-hunter2":
		fmt.Fprintln(os.Stderr, "out of luck with", dsn)
		os.Exit(3)
	}
	columns := coltype.Schema{{Name: "id", Type: coltype.Of(coltype.Long)}}
	return []sdk.Stream{
		{Name: "public.orders", Columns: columns, Rows: 3, Bytes: -1}, {Name: "public.customers", Columns: columns, Rows: -1, Bytes: -1},
	}, sdk.Diagnostics{sdk.Warning("Old server", "Its version is "+cfg.Project+" "+cfg.Mode+".")}
}

func (shop) Plan(context.Context, sdk.Config, sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	return nil, sdk.Errorf("Not now", "This provider only lists.")
}

func (shop) Read(context.Context, sdk.Config, sdk.ReadRequest, sdk.Output) error { return nil }

// etl runs one command in a folder.
func etl(t *testing.T, dir string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	env := &environment{builtIn: builtIn(), stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	code = run(t.Context(), append([]string{"etl", "-chdir=" + dir}, args...), env)
	return code, out.String(), errs.String()
}

const shopProject = `etl { project = "mine" }
lakehouse {}
connection "shop" "main" { dsn = env("SHOP_DSN") }
connection "shop" "each" {
  for_each = toset(["eu"])
  dsn      = env("SHOP_DSN")
}
source "shop" "orders" {
  connection = connection.shop.main
  table      = "public.orders"
}
`

func shopFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir) // back at the end: every command goes to its folder
	if err := os.WriteFile(filepath.Join(dir, "shop.etl.hcl"), []byte(shopProject), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestDiscoverThroughAConnection(t *testing.T) {
	dir := shopFolder(t)
	t.Setenv("SHOP_DSN", "good-hunter2")
	code, out, errs := etl(t, dir, "discover", "shop", "connection.shop.main")
	want := `# public.customers: 1 column
source "shop" "customers" {
  connection = connection.shop.main
  table      = "public.customers"
}

# public.orders: 1 column, about 3 rows
# source.shop.orders reads it already.
source "shop" "public_orders" {
  connection = connection.shop.main
  table      = "public.orders"
}
`
	if code != 0 || out != want || !strings.Contains(errs, "Its version is mine batch.") {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
	code, out, errs = etl(t, dir, "discover", "-format=json", "shop", `connection.shop.each["eu"]`, "public.c*")
	var document struct{ Streams []struct{ Name string } }
	if err := json.Unmarshal([]byte(out), &document); err != nil || code != 0 || len(document.Streams) != 1 || document.Streams[0].Name != "public.customers" {
		t.Errorf("%d\n%s\n%s\n%v", code, out, errs, err)
	}
}

func TestDiscoverThroughSettings(t *testing.T) {
	dir := shopFolder(t)
	t.Setenv("SHOP_DSN", "good-hunter2")
	code, out, errs := etl(t, dir, "discover", "shop", "-set", `dsn=env("SHOP_DSN")`, "-set=connection.port=1", "-set=port=2", "public.customers")
	want := `connection "shop" "shop" {
  dsn  = env("SHOP_DSN")
  port = "2"
}

# public.customers: 1 column
source "shop" "customers" {
  connection = connection.shop.shop
  table      = "public.customers"
}
`
	if code != 0 || out != want {
		t.Errorf("%d\n%s\n%s", code, out, errs)
	}
}

func TestDiscoverMistakes(t *testing.T) {
	dir := shopFolder(t)
	empty := t.TempDir()
	good := `-set=dsn=env("GOOD")`
	t.Setenv("GOOD", "good-hunter2")
	t.Setenv("SHOP_DSN", "good-hunter2")
	for name, c := range map[string]struct {
		dir  string
		args []string
		want string
	}{
		"no type":             {dir, nil, "Say what kind of source: `etl discover TYPE`. The types are shop"},
		"unknown type":        {dir, []string{"shpo"}, `There is no provider "shpo". Did you mean "shop"?`},
		"no connection":       {dir, []string{"shop"}, "Sources of \"shop\" are read through a connection."},
		"unknown connection":  {dir, []string{"shop", "connection.shop.mian"}, `The project has no connection.shop.mian. Did you mean "connection.shop.main"?`},
		"no instance":         {dir, []string{"shop", "connection.shop.each"}, "The project has no connection.shop.each."},
		"other provider":      {dir, []string{"shop", "connection.postgres.main"}, `can't be read through connection.postgres.main`},
		"malformed address":   {dir, []string{"shop", "connection.shop"}, "is no address"},
		"no project":          {empty, []string{"shop", "connection.shop.main"}, "has no files ending in .etl.hcl"},
		"plain secret":        {dir, []string{"shop", "-set=dsn=plain-hunter2"}, `-set 'dsn=env("NAME")'`},
		"secret of a var":     {dir, []string{"shop", "-set=dsn=var.dsn"}, "Secret on the command line"},
		"unset variable":      {dir, []string{"shop", `-set=dsn=env("NOBODY")`}, "the environment variable NOBODY isn't set"},
		"unknown attribute":   {dir, []string{"shop", "-set=dns=x"}, `no attribute "dns". Did you mean "dsn"?`},
		"no value":            {dir, []string{"shop", "-set=dsn"}, "-set NAME=VALUE"},
		"wrong value":         {dir, []string{"shop", good, "-set=port=many"}, "a number is required"},
		"missing attribute":   {dir, []string{"shop", "-set=port=1"}, `"shop" needs the attribute "dsn"`},
		"connection twice":    {dir, []string{"shop", "connection.shop.main", good}, "connection.shop.main has its own"},
		"nothing matches":     {dir, []string{"shop", good, "public.custmers"}, `Did you mean "public.customers"?`},
		"malformed pattern":   {dir, []string{"shop", good, "a["}, `"a[" is no pattern`},
		"too many arguments":  {dir, []string{"shop", "connection.shop.main", "a", "b"}, `"b" is one argument too many`},
		"pattern and another": {dir, []string{"shop", good, "a", "b"}, `"b" is one argument too many`},
		"unknown format":      {dir, []string{"shop", good, "-format=xml"}, `-format must be text or json, and "xml" is none of them`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := etl(t, c.dir, append([]string{"discover"}, c.args...)...)
			if code != 1 || out != "" || !strings.Contains(strings.Join(strings.Fields(errs), " "), c.want) || strings.Contains(errs, "hunter2") {
				t.Errorf("%d\n%s\n%s", code, out, errs)
			}
		})
	}
}

// What a provider says, or cries as it dies, holds no secret when it is shown.
func TestDiscoverHidesSecrets(t *testing.T) {
	dir := shopFolder(t)
	for dsn, want := range map[string]string{
		"refuse-hunter2": "Nobody answers at (sensitive).",
		"crash-hunter2":  "its last words: out of luck with (sensitive)",
	} {
		t.Setenv("SHOP_DSN", dsn)
		for _, through := range []string{"connection.shop.main", `-set=dsn=env("SHOP_DSN")`} {
			code, out, errs := etl(t, dir, "discover", "shop", through)
			if code != 1 || out != "" || !strings.Contains(strings.Join(strings.Fields(errs), " "), want) || strings.Contains(errs, "hunter2") {
				t.Errorf("%d\n%s\n%s", code, out, errs)
			}
		}
	}
}
