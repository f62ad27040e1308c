package apply

import (
	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// arrowSchema has the columns' field ids in its metadata, where the Parquet writer looks for them.
func arrowSchema(columns coltype.Schema) *arrow.Schema { return arrowschema.FromColumns(columns) }

func createParquet(path string, columns coltype.Schema) (*datafile.File, error) {
	return datafile.Create(path, arrowSchema(columns), "zstd")
}
