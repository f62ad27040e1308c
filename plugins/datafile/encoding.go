package datafile

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
)

// sampled is how many values decide on a column's encoding.
const sampled = 2048

// encodings choose a dictionary for texts that repeat: for others, building one costs more than half of the time of
// writing, only to be thrown away. A column that comes as a dictionary repeats by its nature.
func encodings(schema *arrow.Schema, sample arrow.RecordBatch) []parquet.WriterProperty {
	options := []parquet.WriterProperty{parquet.WithDictionaryDefault(false)}
	for i, field := range schema.Fields() {
		if field.Type.ID() == arrow.DICTIONARY || sample != nil && repeats(sample.Column(i)) {
			options = append(options, parquet.WithDictionaryPath(parquet.ColumnPath{field.Name}, true))
		}
	}
	return options
}

// repeats reports whether the sampled texts have few distinct values.
func repeats(column arrow.Array) bool {
	texts, ok := column.(*array.String)
	if !ok {
		return false
	}
	n := min(texts.Len(), sampled)
	distinct := make(map[string]struct{}, n/8)
	for i := range n {
		if texts.IsValid(i) {
			distinct[texts.Value(i)] = struct{}{}
		}
	}
	return len(distinct)*8 <= n
}
