package mongodb

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

// Schema describes the blocks.
func (*Provider) Schema() schema.Provider {
	return schema.Provider{
		Name: "mongodb", Version: "1.0.0",
		Connection: &schema.Block{Doc: "A MongoDB server, replica set or sharded cluster.", Attributes: connectionAttributes()},
		Source: schema.Block{
			Doc: "Documents of a collection, one a row. Types are inferred from all documents unless declared: whole numbers of 32 and 64 bits, " +
				"doubles, decimal(38, s), dates as timestamptz, UUIDs, binary, objects and lists. An ObjectId is a string of 24 hex digits. A " +
				"field whose values have several types, or one that no column has (a regular expression, a timestamp of the oplog), is a string: " +
				"texts as they are, all else as relaxed Extended JSON. A field that is missing is null. Nothing is rounded: a document that can't " +
				"be represented is a bad row, with its _id.",
			Attributes: sourceAttributes(),
		},
		Extract: map[string]schema.Block{
			schema.Batch: {Doc: "Reads all documents, in ranges of _id in parallel, and as of one moment where the server can read so (see `consistent`)."},
			schema.Incremental: {
				Doc: "Reads documents whose cursor field is at or beyond the largest value that was read, and all in which it is null or missing; " +
					"those that the table holds already are left out. A document that appears with an older value than `lookback` covers is not seen.",
				Attributes: incrementalAttributes(),
			},
			schema.Delta: {Doc: "Follows the collection's change stream, which replica sets and sharded clusters have: first all documents, then every insert, update, replacement " +
				"and deletion in order. An update tells the document as it is when the change is read, which may be later than the update, unless the collection " +
				"keeps post-images (changeStreamPreAndPostImages). A collection that is dropped or renamed loses its rows, and is read anew once there is one of its " +
				"name again. Nothing is kept at the server: its oplog must reach back to the last apply."},
		},
	}
}

func connectionAttributes() []schema.Attribute {
	return []schema.Attribute{
		{Name: "uri", Type: cty.String, Cosmetic: true, Sensitive: true, Doc: "A connection string, mongodb:// or mongodb+srv://, with any of its options. Either this or `hosts`."},
		{Name: "hosts", Type: cty.List(cty.String), Cosmetic: true, Doc: "Servers, each host or host:port (27017)."},
		{Name: "replica_set", Type: cty.String, Cosmetic: true, Doc: "The replica set's name, for `hosts`."},
		{Name: "user", Type: cty.String, Cosmetic: true, Doc: "Who logs in. Goes before a user in the connection string."},
		{Name: "password", Type: cty.String, Cosmetic: true, Sensitive: true, Doc: "The user's password."},
		{Name: "auth_source", Type: cty.String, Cosmetic: true, Doc: "The database that knows the user; admin unless the connection string says otherwise."},
		{Name: "tls", Type: cty.Bool, Cosmetic: true, Doc: "Encrypts the connection. The certificate of the server is verified."},
		{Name: "tls_ca", Type: cty.String, Cosmetic: true, Doc: "A file of PEM certificates of the authorities to trust, instead of the system's."},
		{Name: "tls_cert", Type: cty.String, Cosmetic: true, Doc: "A PEM file with the client's certificate and its private key."},
		{Name: "database", Type: cty.String, Doc: "The database of sources that name none; else the connection string's."},
	}
}

func sourceAttributes() []schema.Attribute {
	return []schema.Attribute{
		{Name: "collection", Type: cty.String, Required: true, Doc: "The collection, or a view."},
		{Name: "database", Type: cty.String, Doc: "Its database, if not the connection's."},
		{Name: "filter", Type: cty.String, Doc: "Which documents to read, as the Extended JSON of a query: `jsonencode({ status = \"paid\" })`. Not in mode delta."},
		{Name: "columns", Kind: schema.Columns, Doc: "The fields to read. Without it, all that documents have."},
		{Name: "types", Kind: schema.Types, Doc: "Types of columns that inference must not guess."},
		{Name: "sample", Type: cty.Number, Default: cty.NumberIntVal(0), Cosmetic: true, Doc: "How many documents inference looks at, half of " +
			"them the first and half of them the last by _id; 0 means all. With a sample, fields that no document of it has are left out with a warning, and " +
			"values that don't fit make bad rows."},
		{Name: "parallelism", Type: cty.Number, Default: cty.NumberIntVal(defaultParallelism), Cosmetic: true, Doc: "How many ranges to read at the same time, from 1 to 64."},
		{Name: "consistent", Type: cty.Bool, Default: cty.True, Cosmetic: true, Doc: "Reads all documents as of one moment, on replica sets and sharded " +
			"clusters of MongoDB 5.0 or newer. The server keeps that moment for 5 minutes unless its minSnapshotHistoryWindowInSeconds says more; for a longer read write false."},
	}
}

func incrementalAttributes() []schema.Attribute {
	return []schema.Attribute{
		{Name: "cursor", Kind: schema.Column, Required: true, Doc: "A field that grows: a date, a number, a text, or an ObjectId. An index on it makes plan and read fast."},
		{Name: "key", Kind: schema.Columns, Doc: "What identifies a document; _id unless written."},
		{Name: "lookback", Type: cty.String, Doc: "How far before the largest value to read again, for documents that arrive late: a duration such as " +
			"`5m` for dates and ObjectIds, a number for numbers."},
		{Name: "detect_deletes", Type: cty.Bool, Default: cty.False, Doc: "Compares the keys of all documents with those of the table each time, and takes out rows whose documents are gone."},
		{Name: "batch_size", Type: cty.Number, Cosmetic: true, Doc: "How many documents the server sends at a time, if not what fits."},
	}
}
