package mysql

import (
	"fmt"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
)

const defaultParallelism = 4

// options are a source block with its connection, decoded.
type options struct {
	address     string
	mode        string
	connection  connection
	table       name
	query       string
	columns     []string
	where       string
	parallelism int
	types       map[string]coltype.Type
	increment   increment
	serverID    uint32
	known       bool // nothing is left for apply to find out
}

func decode(cfg sdk.Config) (options, sdk.Diagnostics) {
	o := options{address: cfg.Address, mode: cfg.Mode, known: known(cfg.Connection) && known(cfg.Source) && known(cfg.Extract)}
	var diags sdk.Diagnostics
	add := func(more sdk.Diagnostics) { diags = append(diags, more...) }
	if cfg.Connection == cty.NilVal || cfg.Connection.IsKnown() && cfg.Connection.IsNull() {
		add(problem("Connection missing", "A source of a database needs a connection: declare a block connection \"mysql\" \"NAME\" and "+
			"write connection = connection.mysql.NAME.", "connection"))
	} else {
		var more sdk.Diagnostics
		o.connection, more = decodeConnection(cfg.Connection, cfg.Dir)
		add(more)
	}
	add(o.decodeSource(cfg.Source))
	var more sdk.Diagnostics
	switch o.mode {
	case schema.Incremental:
		o.increment, more = decodeIncrement(cfg.Extract)
	case schema.Delta:
		o.serverID, more = decodeDelta(cfg.Extract)
	}
	add(more)
	return o, diags
}

func (o *options) decodeSource(source cty.Value) sdk.Diagnostics {
	diags := o.decodeRelation(source)
	o.columns = attribute.Texts(source, "columns", nil)
	o.where = strings.TrimSpace(text(source, "where"))
	o.parallelism = int(attribute.Number(source, "parallelism", defaultParallelism))
	if o.parallelism < 1 || o.parallelism > 64 {
		diags = append(diags, problem("Invalid number of connections", "The parallelism is a number of connections from 1 to 64.", "parallelism")...)
	}
	if o.query != "" && o.where != "" {
		diags = append(diags, problem("Condition on a query", "The attribute `where` belongs to `table`. Write the condition into the query.", "where")...)
	}
	if o.query != "" && len(o.columns) > 0 {
		diags = append(diags, problem("Columns of a query", "The attribute `columns` belongs to `table`. Name the columns in the query.", "columns")...)
	}
	if o.mode == schema.Delta && o.where != "" {
		diags = append(diags, problem("Condition on changes", "The binary log has all changes of a table, and the server can't apply `where` to "+
			"them. Filter in a silver table.", "where")...)
	}
	types, more := attribute.Types(source, "types")
	o.types = types
	return append(diags, more...)
}

func (o *options) decodeRelation(source cty.Value) sdk.Diagnostics {
	table, query := attribute.Of(source, "table"), attribute.Of(source, "query")
	o.query = strings.TrimRight(strings.TrimSpace(text(source, "query")), "; \n\t")
	if !known(table) || !known(query) {
		return nil
	}
	if isNull(table) == isNull(query) {
		return problem("Table or query", "Write exactly one of table = \"orders\" and query = \"SELECT …\".", "table")
	}
	if !isNull(query) {
		if o.query == "" {
			return problem("Empty query", "The query is empty. Write a SELECT, or name a table.", "query")
		}
		if o.mode == schema.Delta {
			return problem("Changes of a query", "The binary log has changes of tables. Name a table, or read the query with extract \"batch\".", "query")
		}
		return nil
	}
	var err error
	if o.table, err = parseName(text(source, "table")); err != nil {
		return problem("Invalid table name", fmt.Sprintf("The table %q is no name: %s. Write \"orders\" or \"shop.orders\", and odd names in "+
			"backticks: \"`shop`.`my orders`\".", text(source, "table"), err), "table")
	}
	return nil
}

// known is true of what isn't written too.
func known(v cty.Value) bool { return v == cty.NilVal || v.IsWhollyKnown() }

func isNull(v cty.Value) bool { return v == cty.NilVal || v.IsNull() }

func text(object cty.Value, name string) string { return attribute.Text(object, name, "") }

// problem is an error of the user's input: fixed words for the summary, full sentences for the detail.
func problem(summary, detail string, path ...string) sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Error(summary, detail, path...)}
}

func warning(summary, detail string, path ...string) sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Warning(summary, detail, path...)}
}
