// Package parquet reads Parquet files: types come from the files' footers, and values are converted only where files
// differ from each other or a type is declared.
package parquet

import (
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/filesource"
)

// New is the provider parquet.
func New() sdk.Provider { return filesource.New(format{}) }

type format struct{}

func (format) Name() string { return "parquet" }

func (format) Doc() string {
	return "Rows of Parquet files, nested columns included. Types come from the footers: small integers become int or long, " +
		"unsigned 64-bit ones decimal(20, 0), enums and JSON string. Files with different columns are united; what a file lacks is " +
		"null. A value that does not fit (a time finer than a microsecond, say) makes its row bad."
}

func (format) Attributes() []schema.Attribute { return nil }

func (format) Configure(_ sdk.Config, o filesource.Options) (filesource.Reader, sdk.Diagnostics) {
	return &reader{options: o}, nil
}

type reader struct{ options filesource.Options }

func (r *reader) Key() string { return "parquet" }

// OpenEnded is false: a footer names all columns.
func (r *reader) OpenEnded() bool { return false }
