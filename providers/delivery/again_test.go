package delivery_test

import (
	"context"
	"errors"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
	"github.com/automic-etl/etl/providers/outputtest"
)

var errLost = errors.New("the connection was lost")

// TestAgain fails reads at some point: what the host gets is one read's, whole, or the error.
func TestAgain(t *testing.T) {
	few, many := make([]int64, 10), make([]int64, 5<<20) // of 8 bytes each, 32 MiB are kept back
	for name, c := range map[string]struct {
		values   []int64
		fails    error
		staged   bool
		attempts int
		rows     int
		err      error
	}{
		"whole":                    {few, nil, false, 1, 11, nil},
		"few rows":                 {few, errLost, false, 3, 11, nil},
		"files":                    {few, errLost, true, 3, 11, nil},
		"something else":           {few, context.Canceled, false, 1, 0, context.Canceled},
		"too many rows":            {many, errLost, false, 1, len(many), errLost},
		"many rows are no failure": {many, nil, false, 1, len(many) + 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			request := sdk.ReadRequest{Columns: oneColumn()}
			if c.staged {
				request.Staging = outputtest.Staging(t)
			}
			got := outputtest.NewRecorder(t, request.Columns)
			attempts, ctx := 0, context.Background()
			err := delivery.Again(ctx, got, func(err error) bool { return errors.Is(err, errLost) }, func(out sdk.Output) error {
				attempts++
				d := delivery.New(out, request, 0)
				defer d.Abandon()
				for i, values := range [][]int64{c.values, {4711}} {
					if i == 1 && attempts < 3 && c.fails != nil {
						return c.fails
					}
					if err := d.Bad(ctx, []sdk.BadRow{{Raw: "bad"}}); err != nil {
						return err
					}
					first := int64(i*len(c.values)) + 1
					if err := d.Rows(ctx, delivery.Rows{Record: longs(request.Columns, values...), Source: "t", Numbers: delivery.Numbers{First: first}}); err != nil {
						return err
					}
				}
				return d.Checkpoint(ctx, []byte("here"))
			})
			if !errors.Is(err, c.err) || attempts != c.attempts || len(got.Rows) != c.rows || (got.Cursor != nil) != (c.err == nil) {
				t.Errorf("%v after %d attempts, with %d rows and the cursor %q", err, attempts, len(got.Rows), got.Cursor)
			}
			if c.err == nil && (len(got.BadRows) != 2 || got.Rows[len(got.Rows)-1].Number != int64(c.rows)) {
				t.Errorf("%d bad rows; the last row has the number %d", len(got.BadRows), got.Rows[len(got.Rows)-1].Number)
			}
		})
	}
}

// TestWarningsAreNoFailure hands over what a read sent that ends with warnings.
func TestWarningsAreNoFailure(t *testing.T) {
	out := outputtest.NewRecorder(t, oneColumn())
	err := delivery.Again(context.Background(), out, func(error) bool { return true }, func(held sdk.Output) error {
		if err := held.Batch(context.Background(), longs(oneColumn(), 1)); err != nil {
			return err
		}
		return sdk.Diagnostics{sdk.Warning("Odd", "It is odd.")}
	})
	var said sdk.Diagnostics
	if !errors.As(err, &said) || len(out.Rows) != 1 {
		t.Errorf("%v, %d rows", err, len(out.Rows))
	}
}
