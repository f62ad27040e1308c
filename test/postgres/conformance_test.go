package postgres

import (
	"context"
	"os"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// examine runs the provider in a process of its own through some promises.
func examine(t *testing.T, s conformance.Subject, cases []conformance.Case) {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s.Provider = "postgres"
	s.Host = host.Options{Executable: executable, BuiltIn: []string{"postgres"}, CacheDir: t.TempDir()}
	e, err := conformance.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for _, c := range cases {
		if err := c.Run(t.Context(), e); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
}

// TestConformance examines an incremental source, with bad rows among the good.
func TestConformance(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE many (id bigint PRIMARY KEY, s text, day date);
		INSERT INTO many SELECT i, 'text ' || i, CASE WHEN i % 50 = 7 THEN 'infinity' ELSE '2026-01-01'::date + i END FROM generate_series(1, 1200) i`)
	cfg := d.incremental("many", map[string]cty.Value{"cursor": text("id")})
	examine(t, conformance.Subject{Unordered: true, Config: func(*host.Client) sdk.Config { return cfg }}, conformance.Cases())
}
