package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
)

// Discover offers what the source names, or where it names nothing, all tables of the database.
func (p *Provider) Discover(ctx context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	cfg.Mode = "batch"
	o, diags := decode(cfg)
	if o.query != "" || o.table != (name{}) {
		if diags.HasErrors() {
			return nil, diags
		}
		return discoverOne(ctx, o)
	}
	if o.connection.config == nil {
		return nil, diags
	}
	s, diags := open(ctx, o)
	if s == nil {
		return nil, diags
	}
	defer s.close()
	return s.discoverAll(ctx)
}

func discoverOne(ctx context.Context, o options) ([]sdk.Stream, sdk.Diagnostics) {
	s, diags := open(ctx, o)
	if s == nil {
		return nil, diags
	}
	defer s.close()
	found, more := s.discover(ctx)
	return found, append(diags, more...)
}

func (s *server) discover(ctx context.Context) ([]sdk.Stream, sdk.Diagnostics) {
	r, diags := s.describe(ctx, s.db)
	if diags.HasErrors() {
		return nil, diags
	}
	found := sdk.Stream{Name: s.options.table.written(), Columns: s.offered(r), Rows: r.rows, Bytes: r.bytes}
	if s.options.query != "" {
		found.Name = "query"
	}
	if len(r.key) > 0 {
		found.Keys = [][]string{r.key}
	}
	found.Cursors = r.cursors()
	if r.query == "" && r.engine != "" && len(found.Cursors) > 0 {
		indexed, err := s.indexed(ctx)
		if err != nil {
			return nil, append(diags, s.explain(ctx, err, "looking at the indexes of "+r.source)...)
		}
		found.Unindexed = slices.DeleteFunc(slices.Clone(found.Cursors), func(name string) bool { return slices.Contains(indexed, name) })
	}
	return []sdk.Stream{found}, diags
}

// cursors are columns that could serve as one, the likeliest first: what is named for changes moves with them, which a
// number that rows are created with doesn't.
func (r *relation) cursors() []string {
	var changed, number, other []string
	for _, c := range r.columns {
		switch {
		case (c.class == instant || c.class == datetime) && naming.ForChanges(c.name):
			changed = append(changed, c.name)
		case c.class == integer && len(r.key) == 1 && r.key[0] == c.name:
			number = append(number, c.name)
		case c.class == instant || c.class == datetime:
			other = append(other, c.name)
		}
	}
	return append(append(changed, number...), other...)
}

// tables are those of the connection's database, or of all.
func (s *server) tables(ctx context.Context) (tables []name, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT table_schema, table_name FROM information_schema.tables WHERE (table_schema = ? OR ? = '')
		AND table_schema NOT IN ('mysql', 'sys', 'information_schema', 'performance_schema') AND table_type <> 'SEQUENCE' ORDER BY table_schema, table_name`,
		s.options.connection.database, s.options.connection.database)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var table name
		if err := rows.Scan(&table.database, &table.table); err != nil {
			return nil, err
		}
		tables = append(tables, table)
	}
	return tables, rows.Err()
}

// discoverAll leaves out what belongs to the server itself.
func (s *server) discoverAll(ctx context.Context) ([]sdk.Stream, sdk.Diagnostics) {
	tables, err := s.tables(ctx)
	if err != nil {
		return nil, s.explain(ctx, err, "listing tables")
	}
	var found []sdk.Stream
	var diags sdk.Diagnostics
	for _, table := range tables {
		if table.database == s.options.connection.database {
			table.database = ""
		}
		s.options.table = table
		streams, more := s.discover(ctx)
		found = append(found, streams...)
		for _, d := range more {
			diags = append(diags, sdk.Warning(d.Summary, fmt.Sprintf("%s: %s", table, d.Detail)))
		}
	}
	return found, diags
}
