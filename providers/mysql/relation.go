package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
)

// relation is a table, a view or a query.
type relation struct {
	source string // what _etl_source says
	// database and table are named as the server has them, whose case may differ from the user's.
	database, table string
	cased           bool // the server tells names of tables apart by their case

	columns []column // those that are wanted
	all     []column
	from    string // FROM's operand
	query   string // as the user wrote it
	key     []string
	index   string // of the key; empty where there is none
	engine  string // empty of what is not stored
	history bool   // rows stay in it after they changed (MariaDB's system versioning)
	rows    int64  // an estimate; -1 unknown
	bytes   int64
}

// querier is a pool or one connection.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// describe finds out what the source is now.
func (s *server) describe(ctx context.Context, q querier) (*relation, sdk.Diagnostics) {
	var r *relation
	var err error
	if s.options.query != "" {
		r, err = s.describeQuery(ctx, q)
	} else {
		r, err = s.describeTable(ctx, q)
	}
	if err != nil {
		return nil, s.explain(ctx, err, "looking at the source")
	}
	return r, s.check(r)
}

func (s *server) describeTable(ctx context.Context, q querier) (*relation, error) {
	table := s.tableName()
	if table.database == "" {
		return nil, problem("Database missing", "Neither the connection nor the table's name says a database. Write database = \"shop\" in the connection, or "+
			"table = \"shop.orders\".", "table")
	}
	r := &relation{source: table.String(), from: table.sql(), rows: -1, bytes: -1}
	var engine sql.NullString
	var rows, bytes sql.NullInt64
	err := q.QueryRowContext(ctx, "SELECT table_schema, table_name, @@lower_case_table_names = 0, table_type = 'SYSTEM VERSIONED', engine, table_rows, data_length FROM information_schema.tables "+
		"WHERE table_schema = ? AND table_name = ?", table.database, table.table).Scan(&r.database, &r.table, &r.cased, &r.history, &engine, &rows, &bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, s.unknownTable(ctx, table)
	}
	if err != nil {
		return nil, err
	}
	r.engine = engine.String
	if rows.Valid {
		r.rows, r.bytes = rows.Int64, bytes.Int64
	}
	if r.all, err = s.tableColumns(ctx, q, table); err != nil {
		return nil, err
	}
	r.key, r.index, err = s.tableKey(ctx, q, table)
	return r, err
}

// tableName has the database that the connection names where the table's name has none.
func (s *server) tableName() name { return name{s.database(), s.options.table.table} }

func (s *server) unknownTable(ctx context.Context, table name) error {
	databases, err := s.strings(ctx, "SELECT schema_name FROM information_schema.schemata ORDER BY schema_name")
	if err == nil && !slices.Contains(databases, table.database) {
		return problem("Unknown database", fmt.Sprintf("The server at %s has no database %q, or the user may not see it.%s", s.options.connection.host,
			table.database, suggestion(table.database, databases)), "table")
	}
	return problem("Unknown table", s.tableMissing(ctx, ""), "table")
}

// tableColumns leaves out the period columns that MariaDB's system versioning adds by itself: they are not in any row of
// SELECT *.
func (s *server) tableColumns(ctx context.Context, q querier, table name) (columns []column, err error) {
	rows, err := q.QueryContext(ctx, `SELECT column_name, data_type, column_type, numeric_precision, numeric_scale, character_set_name,
		collation_name, is_nullable = 'YES', is_nullable = 'NO' OR COALESCE(column_default, 'NULL') <> 'NULL' OR
		COALESCE(generation_expression, '') <> '' FROM information_schema.columns WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position`, table.database, table.table)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c column
		var dataType, declared string
		var precision, scale sql.NullInt64
		var charset, collation sql.NullString
		if err := rows.Scan(&c.name, &dataType, &declared, &precision, &scale, &charset, &collation, &c.nullable, &c.filled); err != nil {
			return nil, err
		}
		c.describeType(strings.ToLower(dataType), strings.ToLower(declared))
		c.precision, c.scale, c.charset, c.collation = int(precision.Int64), int(scale.Int64), charset.String, collation.String
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// tableKey is the primary key, else the first unique index without nulls.
func (s *server) tableKey(ctx context.Context, q querier, table name) (key []string, index string, err error) {
	rows, err := q.QueryContext(ctx, `SELECT index_name, column_name, sub_part IS NOT NULL OR nullable = 'YES' FROM information_schema.statistics
		WHERE table_schema = ? AND table_name = ? AND non_unique = 0 ORDER BY index_name <> 'PRIMARY', index_name, seq_in_index`, table.database, table.table)
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	unfit := map[string]bool{}
	columns, order := map[string][]string{}, []string{}
	for rows.Next() {
		var name string
		var column sql.NullString // null of an expression
		var partial bool
		if err := rows.Scan(&name, &column, &partial); err != nil {
			return nil, "", err
		}
		if columns[name] == nil {
			order = append(order, name)
		}
		columns[name] = append(columns[name], column.String)
		unfit[name] = unfit[name] || partial || !column.Valid
	}
	for _, name := range order {
		if !unfit[name] {
			return columns[name], name, rows.Err()
		}
	}
	return nil, "", rows.Err()
}

// indexed are the columns of the table that an index begins with.
func (s *server) indexed(ctx context.Context) ([]string, error) {
	return s.strings(ctx, `SELECT DISTINCT column_name FROM information_schema.statistics WHERE table_schema = ? AND table_name = ? AND seq_in_index = 1 AND column_name IS NOT NULL`,
		s.tableName().database, s.tableName().table)
}

// describeQuery asks for no row.
func (s *server) describeQuery(ctx context.Context, q querier) (_ *relation, err error) {
	r := &relation{source: "query", query: s.options.query, from: "(" + s.options.query + "\n) AS query", rows: -1, bytes: -1}
	rows, err := q.QueryContext(ctx, "SELECT * FROM "+r.from+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		r.all = append(r.all, resultColumn(t))
	}
	return r, rows.Err()
}

// resultColumn knows less than a table's column: an unsigned decimal shows one digit too few, and a bit no length.
func resultColumn(t *sql.ColumnType) column {
	spelled := strings.ToLower(t.DatabaseTypeName())
	dataType := strings.TrimPrefix(spelled, "unsigned ")
	c := column{name: t.Name(), nullable: true}
	c.describeType(dataType, spelled)
	c.precision = 64
	if precision, scale, ok := t.DecimalSize(); ok && c.class == decimal {
		c.precision, c.scale = int(precision), int(scale)
		if c.precision < 38 {
			c.precision++
		}
	}
	return c
}

func (r *relation) column(name string) (column, bool) {
	i := slices.IndexFunc(r.all, func(c column) bool { return c.name == name })
	if i < 0 {
		return column{}, false
	}
	return r.all[i], true
}

func (r *relation) names() []string {
	names := make([]string, len(r.all))
	for i, c := range r.all {
		names[i] = c.name
	}
	return names
}

// check compares the source with what the user wrote about its columns, and leaves out those that are not wanted.
func (s *server) check(r *relation) sdk.Diagnostics {
	named := naming.Source{Have: r.source + " has", Where: "at the server, or read it by a query that gives it another name", Path: s.relation()}
	var diags sdk.Diagnostics
	for _, wanted := range s.options.columns {
		if _, ok := r.column(wanted); !ok {
			diags = append(diags, problem("Unknown column", fmt.Sprintf("%s no column %q.%s", named.Have, wanted, suggestion(wanted, r.names())), "columns")...)
		}
	}
	r.columns = slices.DeleteFunc(slices.Clone(r.all), func(c column) bool {
		return len(s.options.columns) > 0 && !slices.Contains(s.options.columns, c.name)
	})
	offered := s.offered(r).Names()
	diags = append(append(diags, named.Reserved(offered)...), named.Case(offered)...)
	diags = append(diags, named.Declared(r.names(), s.options.types)...)
	return append(diags, s.checkTypes(r)...)
}

func (s *server) checkTypes(r *relation) sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, c := range r.columns {
		t, declared := s.options.types[c.name]
		switch {
		case declared && !c.fits(t):
			diags = append(diags, problem("Type that a column can't have", fmt.Sprintf("The column %q is %s at the server, whose values are never of type %s. "+
				"Without a declaration it is %s.", c.name, c.declared, t, c.offered()), "types", c.name)...)
		case c.tooPrecise() && !declared:
			diags = append(diags, warning("Decimal read as text", fmt.Sprintf("The column %q of %s is %s, and a lakehouse's decimals have at most 38 digits. It is read as "+
				"text; types = { %s = decimal(38, %d) } makes numbers of it and bad rows of those with more digits.", c.name, r.source, c.declared, c.name, min(c.scale, 38)), "types")...)
		}
	}
	if len(r.columns) == 0 {
		diags = append(diags, problem("No columns", fmt.Sprintf("%s has no columns that the user may read.", r.source), s.relation())...)
	}
	return diags
}
