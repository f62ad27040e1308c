package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
)

// The orders of a new project.
const (
	sampleCSV  = "id,customer,amount,ordered_on\n1,ada,12.50,2026-01-03\n2,grace,80.00,2026-01-03\n3,ada,7.25,2026-01-04\n"
	sampleJSON = `{"id":1,"customer":"ada","amount":12.5,"ordered_on":"2026-01-03"}
{"id":2,"customer":"grace","amount":80,"ordered_on":"2026-01-03"}
{"id":3,"customer":"ada","amount":7.25,"ordered_on":"2026-01-04"}
`
)

// sample is a file of data in a format.
func sample(format string) (string, error) {
	switch format {
	case "csv":
		return sampleCSV, nil
	case "json":
		return sampleJSON, nil
	}
	var file bytes.Buffer
	if err := writeSample(&file); err != nil {
		return "", fmt.Errorf("the sample of Parquet can't be made: %w", err)
	}
	return file.String(), nil
}

// writeSample writes the orders as Parquet.
func writeSample(to *bytes.Buffer) error {
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "customer", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "amount", Type: arrow.PrimitiveTypes.Float64, Nullable: true}, {Name: "ordered_on", Type: arrow.FixedWidthTypes.Date32, Nullable: true},
	}, nil)
	list := "[" + strings.ReplaceAll(strings.TrimSpace(sampleJSON), "\n", ",") + "]"
	rows, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(list))
	if err != nil {
		return err
	}
	defer rows.Release()
	writer, err := pqarrow.NewFileWriter(schema, to, parquet.NewWriterProperties(), pqarrow.DefaultWriterProps())
	if err != nil {
		return err
	}
	return errors.Join(writer.Write(rows), writer.Close())
}
