package delivery_test

import (
	"context"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/outputtest"
)

func longs(columns coltype.Schema, values ...int64) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues(values, nil)
	return builder.NewRecordBatch()
}

func oneColumn() coltype.Schema {
	return coltype.Schema{{ID: 1, Name: "n", Type: coltype.Of(coltype.Long)}}
}

// TestSources mixes sources in one file, whose column is written as a dictionary as long as there is only one.
func TestSources(t *testing.T) {
	for _, staged := range []bool{true, false} {
		request := sdk.ReadRequest{Columns: oneColumn(), BatchSize: 2}
		if staged {
			request.Staging = outputtest.Staging(t)
		}
		out := outputtest.NewRecorder(t, request.Columns)
		d := delivery.New(out, request, 0)
		for i, source := range []string{"a.csv", "a.csv", "b.csv", "a.csv"} {
			rows := delivery.Rows{Record: longs(request.Columns, 10, 20, 30), Source: source, Numbers: delivery.Numbers{First: int64(i) * 3}}
			if i == 1 {
				rows.Numbers = delivery.Numbers{List: []int64{5, 7, 8}}
			}
			if err := d.Rows(context.Background(), rows); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.Checkpoint(context.Background(), []byte("here")); err != nil {
			t.Fatal(err)
		}
		want := []outputtest.Row{
			{Source: "a.csv", Number: 0}, {Source: "a.csv", Number: 1}, {Source: "a.csv", Number: 2}, {Source: "a.csv", Number: 5}, {Source: "a.csv", Number: 7},
			{Source: "a.csv", Number: 8}, {Source: "b.csv", Number: 6}, {Source: "b.csv", Number: 7}, {Source: "b.csv", Number: 8}, {Source: "a.csv", Number: 9},
			{Source: "a.csv", Number: 10}, {Source: "a.csv", Number: 11},
		}
		if len(out.Rows) != len(want) {
			t.Fatalf("%d rows", len(out.Rows))
		}
		for i, row := range out.Rows {
			if row.Source != want[i].Source || row.Number != want[i].Number {
				t.Errorf("staged %t, row %d is %v instead of %v", staged, i, row, want[i])
			}
		}
	}
}

// TestFieldIDs looks for the ids of columns, of what is inside them, and of provenance in the file's own schema.
func TestFieldIDs(t *testing.T) {
	nested, err := coltype.Parse("object({ x = long, l = list(object({ y = string })), m = map(string, double) })")
	if err != nil {
		t.Fatal(err)
	}
	columns := outputtest.WithIDs(coltype.Schema{{Name: "o", Type: nested}, {Name: "u", Type: coltype.Of(coltype.UUID)}})
	request := sdk.ReadRequest{Columns: columns, Staging: outputtest.Staging(t)}
	out := outputtest.NewRecorder(t, columns)
	d := delivery.New(out, request, 0)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))
	defer builder.Release()
	builder.Field(0).AppendNull()
	builder.Field(1).AppendNull()
	if err := d.Rows(context.Background(), delivery.Rows{Record: builder.NewRecordBatch(), Source: "a", Numbers: delivery.Numbers{First: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	got := outputtest.FieldIDs(t, out.Files[0])
	for path, id := range map[string]int32{
		"o": 1, "o.x": 2, "o.l": 3, "o.l.list.element": 4, "o.l.list.element.y": 5, "o.m": 6, "o.m.key_value.key": 7, "o.m.key_value.value": 8, "u": 9,
		"_etl_run": 1001, "_etl_loaded_at": 1002, "_etl_source": 1003, "_etl_row": 1004,
	} {
		if got[path] != id {
			t.Errorf("%s has the id %d instead of %d; all: %v", path, got[path], id, got)
		}
	}
}

// TestAbandon leaves nothing behind in the staging folder.
func TestAbandon(t *testing.T) {
	request := sdk.ReadRequest{Columns: oneColumn(), Staging: outputtest.Staging(t)}
	d := delivery.New(outputtest.NewRecorder(t, request.Columns), request, 1<<30)
	for range 5 {
		if err := d.Rows(context.Background(), delivery.Rows{Record: longs(request.Columns, 1), Source: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	d.Abandon()
	if left, err := os.ReadDir(request.Staging.Dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestPrintable(t *testing.T) {
	for _, test := range []struct {
		raw    string
		length int
		want   string
	}{
		{"plain", 100, "plain"}, {"é\xff", 100, `é\xff`}, {"aé", 2, "a"}, {"abc", 2, "ab"}, {"a\xff\xfe\xfd\xfcb", 3, `a\xff\xfe`},
	} {
		if got := delivery.Printable(test.raw, test.length); got != test.want {
			t.Errorf("%q becomes %q instead of %q", test.raw, got, test.want)
		}
	}
}
