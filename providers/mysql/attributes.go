package mysql

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
)

func tlsModes() []string {
	return []string{"disabled", "preferred", "required", "verify_ca", "verify_full"}
}

func connectionBlock() *schema.Block {
	text, secret := cty.String, true
	return &schema.Block{
		Doc: "A MySQL or MariaDB server: either `dsn`, or `host` and what goes with it.",
		Attributes: []schema.Attribute{
			{Name: "dsn", Type: text, Sensitive: secret, Doc: "Everything in one text: `mysql://user:password@host:3306/database` or " +
				"`user:password@tcp(host:3306)/database`."},
			{Name: "host", Type: text, Doc: "Name or address of the server, or the path of its Unix socket."},
			{Name: "port", Type: cty.Number, Doc: "By default 3306."},
			{Name: "database", Type: text, Doc: "Where tables are that are named without one."},
			{Name: "user", Type: text, Doc: "The user to log in as."},
			{Name: "password", Type: text, Sensitive: secret, Doc: "The user's password."},
			{Name: "connect_timeout", Type: text, Cosmetic: true, Doc: "How long connecting may take. By default `\"" + defaultTimeout + "\"`, or the `timeout` of the `dsn`."},
			{Name: "tls", Type: text, OneOf: tlsModes(), Doc: "`disabled`; `preferred` (the default) encrypts where the server can; " +
				"`required` always encrypts; `verify_ca` checks who signed the server's certificate; `verify_full` checks its name too."},
			{Name: "tls_ca", Type: text, Doc: "The authority that signs the server's certificate: PEM, or the path of a PEM file. By default " +
				"the system's authorities."},
			{Name: "tls_cert", Type: text, Doc: "The client's certificate: PEM, or the path of a PEM file."},
			{Name: "tls_key", Type: text, Sensitive: secret, Doc: "The key of `tls_cert`: PEM, or the path of a PEM file."},
		},
	}
}

func sourceBlock() schema.Block {
	return schema.Block{
		Doc: "A table, a view or a query of a MySQL or MariaDB server. bigint unsigned is decimal(20, 0), tinyint(1) is int unless `types` " +
			"says boolean, datetime is timestamp, timestamp is timestamptz, set is list(string), bit(1) is boolean and a longer bit a number, " +
			"decimal of more than 38 digits is string, spatial values are WKB. What can't be represented, a zero date say, is a bad row.",
		Attributes: []schema.Attribute{
			{Name: "table", Type: cty.String, Doc: "The table or view: `orders`, `shop.orders`, and with odd names `` `shop`.`my orders` ``."},
			{Name: "query", Type: cty.String, Doc: "A SELECT instead of a table. It is read on one connection."},
			{Name: "columns", Kind: schema.Columns, Doc: "The columns to read, where not all."},
			{Name: "where", Type: cty.String, Doc: "The server's own condition for rows to read."},
			{Name: "parallelism", Type: cty.Number, Default: cty.NumberIntVal(defaultParallelism), Cosmetic: true, Doc: "How many connections " +
				"read ranges of the primary key at once, all in one snapshot."},
			{Name: "types", Kind: schema.Types, Doc: "Types of columns where the default is not wanted: `paid = boolean` for tinyint(1), " +
				"`day = string` to keep zero dates."},
		},
	}
}

func extractBlocks() map[string]schema.Block {
	return map[string]schema.Block{
		schema.Batch:       {Doc: "Reads everything whenever it runs: the server doesn't say whether a table has changed."},
		schema.Incremental: incrementalBlock(),
		schema.Delta:       deltaBlock(),
	}
}
