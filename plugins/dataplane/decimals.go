package dataplane

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
)

// checkDecimals refuses decimals with more digits than their type: Arrow itself doesn't look, and Parquet and Iceberg
// would store them as something else.
func checkDecimals(rows arrow.RecordBatch) error {
	for i, column := range rows.Columns() {
		if err := decimals(column); err != nil {
			return fmt.Errorf("column %q: %w", rows.Schema().Field(i).Name, err)
		}
	}
	return nil
}

func decimals(column arrow.Array) error {
	switch column := column.(type) {
	case *array.Decimal128:
		return fitting(column)
	case *array.Map:
		if err := decimals(column.Keys()); err != nil {
			return err
		}
		return decimals(column.Items())
	case *array.List:
		return decimals(column.ListValues())
	case *array.Struct:
		for i := range column.NumField() {
			if err := decimals(column.Field(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func fitting(column *array.Decimal128) error {
	typ := column.DataType().(*arrow.Decimal128Type)
	for i := range column.Len() {
		if column.IsValid(i) && !column.Value(i).FitsInPrecision(typ.Precision) {
			return fmt.Errorf("the value %s has more digits than %s", column.Value(i).ToString(typ.Scale), typ)
		}
	}
	return nil
}
