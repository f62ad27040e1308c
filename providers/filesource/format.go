// Package filesource is what all sources of files have in common: finding files, remembering which were read, planning,
// and reading them in order. A format adds its attributes, inference and parsing.
package filesource

import (
	"context"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
)

// Format is a kind of file.
type Format interface {
	// Name is the first label of the format's source blocks.
	Name() string
	// Doc says what the format reads.
	Doc() string
	// Attributes are the format's own, beyond path and types.
	Attributes() []schema.Attribute
	// Configure decodes the format's attributes. Unknown values may occur in a validation and are to be passed over.
	Configure(cfg sdk.Config, o Options) (Reader, sdk.Diagnostics)
}

// Reader infers and reads files with the options of one source block. It may be used concurrently.
type Reader interface {
	// Key identifies all options that change rows or inferred types.
	Key() string
	// Infer finds out which columns a file has. A column of nulls is of the type Unknown.
	Infer(ctx context.Context, f File) (Evidence, error)
	// Read delivers the rows of a file: good ones with exactly the given columns, and bad ones.
	Read(ctx context.Context, f File, read Read) error
	// OpenEnded reports whether files may hold columns that inference did not see.
	OpenEnded() bool
}

// Read is what a format needs for reading a file.
type Read struct {
	Columns  coltype.Schema
	Delivery *delivery.Delivery
	Threads  int
}

// Evidence is what was found in one file.
type Evidence struct {
	Columns coltype.Schema
	Rows    int64 // an estimate if sampled
	Sampled bool
}
