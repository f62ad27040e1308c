// Package csv reads text files of records and fields: RFC 4180 and its many dialects. What does not fit is a bad row
// with a reason; no row is lost and none is guessed.
package csv

import (
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/filesource"
)

// New is the provider csv.
func New() sdk.Provider { return filesource.New(format{}) }

type format struct{}

func (format) Name() string { return "csv" }

func (format) Doc() string {
	return "Rows of CSV files: comma-separated values, and other delimiters. Types are inferred unless declared: boolean (true and " +
		"false), long, decimal(38, 0) beyond 64 bits, double, date, timestamp, timestamptz, else string. Numbers with leading " +
		"zeros are strings. The record number (_etl_row) counts rows of a file from 1, bad ones included."
}

func (format) Attributes() []schema.Attribute { return attributes() }

func (format) Configure(cfg sdk.Config, o filesource.Options) (filesource.Reader, sdk.Diagnostics) {
	d, diags := decodeDialect(cfg)
	return &reader{options: o, dialect: d}, diags
}

type reader struct {
	options filesource.Options
	dialect dialect
}

func (r *reader) Key() string { return r.dialect.key() + " " + r.options.Compression }

// OpenEnded is false: the header names all columns.
func (r *reader) OpenEnded() bool { return false }
