// Package providers names the providers that are built into etl. They are written against the public SDK alone.
package providers

import (
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/json"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/mysql"
	"github.com/automic-etl/etl/providers/parquet"
	"github.com/automic-etl/etl/providers/postgres"
)

// BuiltIn are the built-in providers by the first label of their blocks.
func BuiltIn() map[string]sdk.Provider {
	return map[string]sdk.Provider{
		"csv":      csv.New(),
		"json":     json.New(),
		"mongodb":  mongodb.New(),
		"mysql":    mysql.New(),
		"parquet":  parquet.New(),
		"postgres": postgres.New(),
	}
}
