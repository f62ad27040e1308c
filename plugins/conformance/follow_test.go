package conformance_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// followed is a log of changes over two hundred rows.
func followed(t *testing.T, provider string) conformance.Subject {
	t.Helper()
	dir := t.TempDir()
	s := subject(t, provider, 1)
	s.BatchSize = 20
	s.Config = func(c *host.Client) sdk.Config {
		values := c.Schema().Source.Empty().AsValueMap()
		values["rows"], values["log"] = cty.NumberIntVal(200), cty.StringVal(".")
		return sdk.Config{
			Address: "source." + provider + ".test", Dir: dir, Project: "shop", Lakehouse: "one", Source: cty.ObjectVal(values), Mode: schema.Delta,
			Extract: cty.EmptyObjectVal,
		}
	}
	s.Write = func(_ context.Context, time int) error { return writeLog(dir, int64(time)) }
	return s
}

// writeLog writes three transactions: one with every kind of change, an empty one, and a long one that begins anew now
// and then.
func writeLog(dir string, time int64) error {
	first := 10_000 * time
	if err := numbers.Append(dir,
		numbers.Change{Op: sdk.Insert, N: first, As: first},
		numbers.Change{Op: sdk.Update, N: first, As: first + 1, Unchanged: []string{"string", "date"}},
		numbers.Change{Op: sdk.Update, N: first, As: first + 2, Unchanged: []string{"string"}},
		numbers.Change{Op: sdk.Delete, N: first},
		numbers.Change{Op: sdk.Insert, N: first + 1, As: first + 3, Unchanged: []string{"string", "binary"}},
	); err != nil {
		return err
	}
	if err := numbers.Append(dir); err != nil {
		return err
	}
	var long []numbers.Change
	if time%5 == 0 {
		long = append(long, numbers.Change{Op: sdk.Truncate})
	}
	for i := range int64(100) {
		long = append(long, numbers.Change{Op: sdk.Insert, N: first + 100 + i, As: first + i})
	}
	for i := range int64(20) {
		long = append(long, numbers.Change{Op: sdk.Delete, N: first + 100 + i})
	}
	return numbers.Append(dir, long...)
}

// breaches examines the subject in some cases, or in all.
func breaches(t *testing.T, s conformance.Subject, names ...string) []string {
	t.Helper()
	e, err := conformance.Examine(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var broken []string
	for _, c := range conformance.FollowCases() {
		if len(names) > 0 && !slices.Contains(names, c.Name) {
			continue
		}
		if err := c.Run(t.Context(), e); err != nil {
			t.Logf("%s: %v", c.Name, err)
			broken = append(broken, c.Name)
		}
	}
	if err := e.Close(context.Background()); err != nil {
		t.Error(err)
	}
	return broken
}

func TestNumbersAreFollowed(t *testing.T) {
	if broken := breaches(t, followed(t, "numbers")); len(broken) > 0 {
		t.Errorf("broken: %s", strings.Join(broken, "; "))
	}
}

// Followers that break one promise each must be found out.
func TestBrokenFollowersAreFound(t *testing.T) {
	for provider, want := range map[string]string{
		"resender":  "changes are read again from every checkpoint, each at its position",
		"doubling":  "changes lead from the snapshot to the table",
		"moody":     "changes are read again from every checkpoint, each at its position",
		"greedy":    "changes are read as far as asked",
		"skipping":  "a released source is left clean",
		"eager":     "a plan creates nothing at the source",
		"impatient": "preparing may be repeated",
		"sharing":   "two lakehouses don't share what is kept for them",
	} {
		t.Run(provider, func(t *testing.T) {
			if broken := breaches(t, followed(t, provider), want); len(broken) == 0 {
				t.Errorf("it was not found that %s breaks %q", provider, want)
			}
		})
	}
}
