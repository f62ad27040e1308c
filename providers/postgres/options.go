package postgres

import (
	"fmt"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// options are a source block and its connection, decoded.
type options struct {
	settings    session.Settings
	table       catalog.Name
	query       string
	columns     []string
	where       string
	parallelism int
	types       map[string]coltype.Type
	mode        string
	increment   increment
	publication string // of a source that is followed; empty for our own
	slot        string // of a source that is followed, and our own publication
	common      string // a name for a publication that others make for us, and that all lakehouses may read
}

const maxParallelism = 64

func decodeOptions(cfg sdk.Config) (options, sdk.Diagnostics) {
	o := options{
		query:       trimQuery(attribute.Text(cfg.Source, "query", "")),
		columns:     attribute.Texts(cfg.Source, "columns", nil),
		where:       attribute.Text(cfg.Source, "where", ""),
		parallelism: int(attribute.Number(cfg.Source, "parallelism", 0)),
		mode:        cfg.Mode,
	}
	var diags, more sdk.Diagnostics
	o.settings, diags = decodeConnection(cfg)
	o.types, more = attribute.Types(cfg.Source, "types")
	diags = append(diags, more...)
	diags = append(diags, o.decodeTable(cfg)...)
	if cfg.Mode == schema.Incremental {
		o.increment, more = decodeIncrement(cfg.Extract)
		diags = append(diags, more...)
	}
	if cfg.Mode == schema.Delta {
		diags = append(diags, o.decodeDelta(cfg)...)
	}
	if o.parallelism < 0 || o.parallelism > maxParallelism {
		diags = append(diags, sdk.Error("Invalid parallelism", fmt.Sprintf("The number of connections that read at once must be "+
			"from 1 to %d.", maxParallelism), "parallelism"))
	}
	return o, diags
}

// trimQuery takes off what may end a statement but not a subquery.
func trimQuery(query string) string {
	return strings.TrimRight(strings.TrimSpace(query), "; \t\r\n")
}

// decodeTable reads what to read from: exactly one of table and query. What is not known yet may still be either.
func (o *options) decodeTable(cfg sdk.Config) sdk.Diagnostics {
	table, query := attribute.Of(cfg.Source, "table"), attribute.Of(cfg.Source, "query")
	if unknown(table) || unknown(query) {
		return nil
	}
	switch {
	case attribute.Given(table) && attribute.Given(query):
		return sdk.Diagnostics{sdk.Error("Table and query", "A source reads either a table or a query. Remove one of the two.", "query")}
	case attribute.Given(query) && o.query == "":
		return sdk.Diagnostics{sdk.Error("Empty query", "The query has no text. Write a SELECT, or name a table.", "query")}
	case attribute.Given(query):
		return nil
	case !attribute.Given(table):
		return sdk.Diagnostics{sdk.Error("Nothing to read", "Say what to read: a table, as in table = \"public.orders\", or a query.")}
	}
	var err error
	if o.table, err = catalog.ParseName(table.AsString()); err != nil {
		return sdk.Diagnostics{sdk.Error("Invalid table name", fmt.Sprintf("The table can't be looked up: %s.", err), "table")}
	}
	return nil
}

// decodeDelta reads an extract block of mode delta. What is followed is a whole table.
func (o *options) decodeDelta(cfg sdk.Config) sdk.Diagnostics {
	o.slot, o.common = slot.Name(cfg.Project, cfg.Address, cfg.Lakehouse), slot.Name(cfg.Project, cfg.Address, "")
	o.publication = attribute.Text(cfg.Extract, "publication", "")
	var diags sdk.Diagnostics
	for _, name := range []string{"query", "where"} {
		if attribute.Given(attribute.Of(cfg.Source, name)) {
			diags = append(diags, sdk.Error("Part of a table", fmt.Sprintf("The server's log tells the changes of whole tables, so that a source with extract \"delta\" can't have a %s. Remove "+
				"it, and filter in a table that reads this one.", name), name))
		}
	}
	return diags
}

func unknown(v cty.Value) bool { return v != cty.NilVal && !v.IsWhollyKnown() }

// decodeConnection reads the connection block.
func decodeConnection(cfg sdk.Config) (session.Settings, sdk.Diagnostics) {
	c := cfg.Connection
	text := func(name string) string { return attribute.Text(c, name, "") }
	s := session.Settings{
		Dir: cfg.Dir, DSN: text("dsn"), Host: text("host"), Port: attribute.Number(c, "port", 0), Database: text("database"),
		User: text("user"), Password: text("password"), SSLMode: text("sslmode"), SSLRootCert: text("sslrootcert"),
		SSLCert: text("sslcert"), SSLKey: text("sslkey"), Application: attribute.Text(c, "application_name", defaultApplication),
	}
	var diags sdk.Diagnostics
	s.Timeout, diags = duration(c, "connect_timeout", defaultTimeout)
	if c == cty.NilVal {
		return s, append(diags, sdk.Error("Missing connection", "A source of PostgreSQL needs a connection: "+
			"connection = connection.postgres.NAME."))
	}
	return s, append(diags, checkConnection(c, s)...)
}

func checkConnection(c cty.Value, s session.Settings) sdk.Diagnostics {
	for _, name := range []string{"dsn", "host", "port", "database", "user", "password", "sslcert", "sslkey"} {
		if unknown(attribute.Of(c, name)) {
			return nil
		}
	}
	var diags sdk.Diagnostics
	if s.DSN == "" && s.Host == "" {
		diags = append(diags, sdk.Error("Missing server", "The connection doesn't say which server. Give it a dsn, or a host.", "connection", "host"))
	}
	if s.DSN != "" {
		for _, name := range []string{"host", "port", "database", "user", "password"} {
			if attribute.Given(attribute.Of(c, name)) {
				diags = append(diags, sdk.Error("Two ways to connect", fmt.Sprintf("The connection has both a dsn and %s. Write all of it in "+
					"the dsn, or leave the dsn out.", name), "connection", name))
			}
		}
	}
	if s.Port < 0 || s.Port > 65535 {
		diags = append(diags, sdk.Error("Invalid port", "A port is a number from 1 to 65535.", "connection", "port"))
	}
	if s.DSN == "" && (s.SSLCert == "") != (s.SSLKey == "") {
		diags = append(diags, sdk.Error("Half of a client certificate", "A client certificate needs both of its files: sslcert and sslkey.", "connection", "sslcert"))
	}
	return diags
}

// duration is an attribute such as "10s".
func duration(object cty.Value, name, byDefault string) (time.Duration, sdk.Diagnostics) {
	text := attribute.Text(object, name, byDefault)
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		d, _ = time.ParseDuration(byDefault)
		return d, sdk.Diagnostics{sdk.Error("Invalid duration", fmt.Sprintf("The text %q is no length of time. Write it with a unit, as in "+
			"\"30s\" or \"5m\".", text), name)}
	}
	return d, nil
}
