package csv_test

import (
	"path/filepath"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

func TestFlights(t *testing.T) {
	dir, err := filepath.Abs("../../examples/flights/data")
	if err != nil {
		t.Fatal(err)
	}
	cfg := outputtest.Source(dir, map[string]cty.Value{
		"path":    cty.StringVal("flights*.csv.gz"),
		"null_if": cty.ListVal([]cty.Value{cty.StringVal("NA"), cty.StringVal("")}),
	})
	got := outputtest.Load(t, csv.New(), cfg, true)
	for _, c := range got.Columns {
		t.Log(c.Name, c.Type, c.ID)
	}
	t.Log(len(got.Rows), len(got.BadRows), got.Rows[0], got.Files, string(got.Cursor))
	if len(got.Rows) != 336_776 || len(got.BadRows) != 0 {
		t.Errorf("%d rows and %d bad ones instead of 336776 and 0", len(got.Rows), len(got.BadRows))
	}
}
