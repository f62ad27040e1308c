package delivery

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/parquet"
)

// sampled is how many values decide on a column's encoding.
const sampled = 2048

// encodings choose a dictionary for texts that repeat: for others, building one costs more than half of the time of
// writing, only to be thrown away. Run and source repeat by their nature.
func encodings(schema *arrow.Schema, sample arrow.RecordBatch) []parquet.WriterProperty {
	options := []parquet.WriterProperty{parquet.WithDictionaryDefault(false)}
	own := int(sample.NumCols())
	for i, field := range schema.Fields() {
		if field.Type == repeatedType || i < own && repeats(sample.Column(i)) {
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
