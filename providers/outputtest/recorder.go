// Package outputtest runs providers in tests: it plays the host, keeps what a read sends, and reads staged files back.
package outputtest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Row is a row as it arrived, with its values in the text form of Arrow.
type Row struct {
	Source string
	Number int64
	Values []any
}

// Recorder is an Output that keeps everything.
type Recorder struct {
	Columns coltype.Schema
	Rows    []Row
	BadRows []sdk.BadRow
	Cursor  []byte
	Files   []string
	Steps   []int // rows that had arrived at each checkpoint
	FailBad error

	t      testing.TB
	source string
	next   int64
}

// NewRecorder expects the given columns.
func NewRecorder(t testing.TB, columns coltype.Schema) *Recorder {
	return &Recorder{Columns: columns, t: t}
}

// Batch keeps a batch's rows.
func (r *Recorder) Batch(_ context.Context, rows arrow.RecordBatch) error {
	if want := arrowschema.FromColumns(r.Columns); !rows.Schema().Equal(want) {
		return fmt.Errorf("the batch has the schema %s instead of %s", rows.Schema(), want)
	}
	for i := range int(rows.NumRows()) {
		row := Row{Source: r.source, Number: r.next}
		for _, column := range rows.Columns() {
			row.Values = append(row.Values, Value(column, i))
		}
		r.Rows = append(r.Rows, row)
		r.next++
	}
	return nil
}

// Origin numbers the rows that follow.
func (r *Recorder) Origin(source string, firstRow int64) { r.source, r.next = source, firstRow }

// File reads a staged file back, as the host would.
func (r *Recorder) File(_ context.Context, f sdk.File) error {
	r.Files = append(r.Files, f.Path)
	if _, err := os.Stat(f.Path); err != nil {
		return err
	}
	rows := ReadParquet(r.t, f.Path)
	if int64(len(rows)) != f.Rows {
		return fmt.Errorf("%s has %d rows, and %d were announced", f.Path, len(rows), f.Rows)
	}
	own := len(r.Columns)
	for _, values := range rows {
		r.Rows = append(r.Rows, Row{Source: values[own+2].(string), Number: values[own+3].(int64), Values: values[:own]})
	}
	return nil
}

// Bad keeps bad rows.
func (r *Recorder) Bad(_ context.Context, rows []sdk.BadRow) error {
	r.BadRows = append(r.BadRows, rows...)
	return r.FailBad
}

// Checkpoint keeps the last cursor.
func (r *Recorder) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	r.Cursor = cursor
	r.Steps = append(r.Steps, len(r.Rows))
	return nil
}

// Progress is of no interest.
func (r *Recorder) Progress(int64, int64) {}
