package postgres

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

const (
	defaultTimeout     = "10s"
	defaultApplication = "etl"
)

// connectionBlock describes connection "postgres". Where a server is reached and who asks does not change what is read,
// apart from the database: a password that was changed must not make tables be read anew.
func connectionBlock() *schema.Block {
	text := cty.String
	return &schema.Block{
		Doc: "A PostgreSQL server, 12 or newer. Say either dsn, or host and what belongs to it.",
		Attributes: []schema.Attribute{
			{Name: "dsn", Type: text, Sensitive: true, Cosmetic: true, Doc: "All in one: `postgres://user:password@host:5432/database?sslmode=verify-full`, or `host=… dbname=…`."},
			{Name: "host", Type: text, Cosmetic: true, Doc: "A name, an address, or the folder of a unix socket."},
			{Name: "port", Type: cty.Number, Cosmetic: true, Doc: "By default 5432."},
			{Name: "database", Type: text, Doc: "By default named as the user."},
			{Name: "user", Type: text, Cosmetic: true, Doc: "The role that reads. It needs SELECT on what is read."},
			{Name: "password", Type: text, Sensitive: true, Cosmetic: true, Doc: "The role's password."},
			{Name: "sslmode", Type: text, Cosmetic: true, OneOf: []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
				Doc: "Whether TLS is used, and what of the server's certificate is verified; prefer by default, as in libpq. Use verify-full over networks that are not yours."},
			{Name: "sslrootcert", Type: text, Cosmetic: true, Doc: "The file of the authorities that may sign the server's certificate, or `system`. Paths are relative to the project's folder."},
			{Name: "sslcert", Type: text, Cosmetic: true, Doc: "The file of the client's certificate."},
			{Name: "sslkey", Type: text, Cosmetic: true, Doc: "The file of the client certificate's key."},
			{Name: "connect_timeout", Type: text, Cosmetic: true, Default: cty.StringVal(defaultTimeout), Doc: "How long connecting may take."},
			{Name: "application_name", Type: text, Cosmetic: true, Default: cty.StringVal(defaultApplication), Doc: "How etl's connections are named in pg_stat_activity."},
		},
	}
}

func sourceBlock() schema.Block {
	return schema.Block{
		Doc: "Rows of a table, a view or a query of PostgreSQL. numeric(p, s) of up to 38 digits is decimal; numeric without precision, " +
			"or beyond, is string unless types says otherwise. Arrays are lists (of several dimensions: JSON text), composite types objects, geometries " +
			"binary (EWKB). json, enums, intervals (ISO 8601), ranges, addresses, money and all other types are text, as the server writes " +
			"it. Rows with a value that can't be represented (infinity, NaN in a decimal, 24:00:00) are bad rows.",
		Attributes: []schema.Attribute{
			{Name: "table", Type: cty.String, Doc: "A table or view, as in \"public.orders\". A name without quotes means exactly that name, or else the one in lower case; " +
				"names with dots in them are quoted: \"public.\\\"odd.name\\\"\"."},
			{Name: "query", Type: cty.String, Doc: "A SELECT, in place of a table."},
			{Name: "columns", Type: cty.List(cty.String), Doc: "The columns to read; by default all."},
			{Name: "where", Type: cty.String, Doc: "A condition in the server's SQL: only rows that meet it are read."},
			{Name: "parallelism", Type: cty.Number, Cosmetic: true, Doc: "How many connections read a large table at once, all of them the same state of it. By default as many as " +
				"there are processors, but at most 4."},
			{Name: "types", Kind: schema.Types, Doc: "Types of columns that should not have the one which follows from the table: `{ price = decimal(20, 4) }`."},
		},
	}
}

func extractBlocks() map[string]schema.Block {
	return map[string]schema.Block{
		schema.Batch: {Doc: "Reads all rows, in one consistent snapshot."},
		schema.Incremental: {
			Doc: "Reads the rows whose cursor is not below the greatest one that was read. Rows that are read again are stored once. A row that appears with " +
				"a cursor older than lookback is not seen; a deletion only with detect_deletes.",
			Attributes: []schema.Attribute{
				{Name: "cursor", Kind: schema.Column, Required: true, Doc: "A column that grows with each change: a time, a date, a whole number, a decimal, a uuid or " +
					"a text (compared byte by byte). Rows without a value are read every time."},
				{Name: "key", Kind: schema.Columns, Doc: "What identifies a row; by default the primary key."},
				{Name: "lookback", Type: cty.String, Cosmetic: true, Doc: "How far below the greatest cursor rows may still appear, since transactions end in another order than they begin: " +
					"\"5m\" for times, \"2d\" for dates, \"100\" for numbers."},
				{Name: "batch_size", Type: cty.Number, Cosmetic: true, Doc: "Rows a batch, where the host's own number is not wanted."},
				{Name: "detect_deletes", Type: cty.Bool, Default: cty.False, Doc: "Whether each run compares the keys of all rows with those of the table, and takes out the rows that are gone."},
			},
		},
		schema.Delta: {
			Doc: "Reads the table once, and from then on every change of its rows, in the order in which they were committed, from the server's log (logical replication). It needs " +
				"wal_level = logical, a role with REPLICATION, and a table with a primary key or another replica identity. `etl plan` says what is missing. A replication slot at the server " +
				"keeps the log until its changes are committed to the lakehouse; it goes with the last table that reads the source.",
			Attributes: []schema.Attribute{
				{Name: "publication", Type: cty.String, Cosmetic: true, Doc: "A publication that has the table, where etl may not create its own."},
			},
		},
	}
}
