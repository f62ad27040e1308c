package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// source is what a source block reads, as the database describes it now.
type source struct {
	options
	relation *catalog.Relation // nil for a query
	fields   []sourceField
	// generated columns are not in the log, and so not read from a source that is followed.
	generated []string
}

// sourceField is a column that can be read.
type sourceField struct {
	name     string
	doc      string
	shape    *column.Shape
	required bool
	filled   bool // rows from before the column may have got a value in it
}

// leastVersion is the oldest server that etl reads.
const leastVersion = 12

// survey looks the table or the query up.
func (o options) survey(ctx context.Context, c *session.Conn) (*source, sdk.Diagnostics) {
	if c.Version() < leastVersion {
		return nil, sdk.Errorf("Server too old", "The server %s is PostgreSQL %d, and etl reads version %d and newer.",
			o.settings.Target().Server(), c.Version(), leastVersion)
	}
	s := &source{options: o}
	var diags sdk.Diagnostics
	if o.query != "" {
		diags = s.describeQuery(ctx, c)
	} else {
		diags = s.describeTable(ctx, c)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	if more := s.checkText(ctx, c); more != nil {
		return nil, append(diags, more...)
	}
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	diags = append(diags, s.checkNames(names)...)
	return s, append(diags, s.checkTypes()...)
}

// checkText has the server look at what the block says in SQL as it stands there: within the parentheses that some questions put around
// it, it may mean something that it doesn't without them.
func (s *source) checkText(ctx context.Context, c *session.Conn) sdk.Diagnostics {
	if s.query != "" {
		if _, err := c.Describe(ctx, s.query); err != nil {
			return s.diagnose(err)
		}
	}
	if s.where == "" {
		return nil
	}
	_, err := c.Describe(ctx, "SELECT FROM "+s.from()+" WHERE "+s.where+"\n")
	switch {
	case err == nil:
		return nil
	case strings.HasPrefix(session.Code(err), "42") && session.Code(err) != session.CodeNoPrivilege:
		return mistakenCondition(session.Message(err))
	}
	return s.diagnose(err)
}

func mistakenCondition(said string) sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Error("Mistake in the condition", fmt.Sprintf("The server doesn't understand the condition: %s.", said), "where")}
}

func (s *source) describeTable(ctx context.Context, c *session.Conn) sdk.Diagnostics {
	relation, err := catalog.Find(ctx, c, s.table)
	if err != nil {
		return s.diagnose(err)
	}
	s.relation = relation
	if diags := s.checkPrivileges(relation); diags != nil {
		return diags
	}
	columns, diags := s.chosen(s.readable(relation.Columns))
	if diags != nil {
		return diags
	}
	var oids []uint32
	for _, column := range columns {
		oids = append(oids, column.Type)
	}
	types, err := catalog.LoadTypes(ctx, c, oids)
	if err != nil {
		return s.diagnose(err)
	}
	for _, column := range columns {
		s.fields = append(s.fields, sourceField{
			name: column.Name, doc: column.Doc, shape: types.Shape(column.Type, column.Typmod, column.Dims), required: column.NotNull, filled: column.Filled,
		})
	}
	if len(s.fields) == 0 {
		return sdk.Diagnostics{sdk.Error("No columns", fmt.Sprintf("The table %s has no columns.", relation.Spelled()), "table")}
	}
	if relation.Filtered {
		return sdk.Diagnostics{sdk.Warning("Rows hidden by row-level security", fmt.Sprintf("Row-level security decides which rows of %s the role %q "+
			"sees. The others are not read. To read all, use a role with BYPASSRLS, or the table's owner.",
			relation.Spelled(), s.settings.Target().User), "table")}
	}
	return nil
}

// readable are the columns that the mode can read.
func (s *source) readable(all []catalog.Column) []catalog.Column {
	if s.mode != schema.Delta {
		return all
	}
	var out []catalog.Column
	for _, column := range all {
		if column.Generated {
			s.generated = append(s.generated, column.Name)
			continue
		}
		out = append(out, column)
	}
	return out
}

// chosen are the columns to read: those that the block names, or all.
func (s *source) chosen(all []catalog.Column) ([]catalog.Column, sdk.Diagnostics) {
	if s.columns == nil {
		return all, nil
	}
	var names []string
	byName := map[string]catalog.Column{}
	for _, column := range all {
		names = append(names, column.Name)
		byName[column.Name] = column
	}
	var out []catalog.Column
	var diags sdk.Diagnostics
	for i, name := range s.columns {
		column, there := byName[name]
		switch {
		case !there:
			diags = append(diags, sdk.Error("Unknown column", fmt.Sprintf("%s has no column %q.%s", s.name(), name, suggestion(name, names)), "columns"))
		case slices.Contains(s.columns[:i], name):
			diags = append(diags, sdk.Error("Column named twice", fmt.Sprintf("The column %q is named twice. Remove one of the two.", name), "columns"))
		default:
			out = append(out, column)
		}
	}
	return out, diags
}

func suggestion(name string, names []string) string {
	if near := naming.Nearest(name, names); near != "" {
		return fmt.Sprintf(" Did you mean %q?", near)
	}
	return ""
}

// checkPrivileges says which GRANT is missing.
func (s *source) checkPrivileges(r *catalog.Relation) sdk.Diagnostics {
	role := s.settings.Target().User
	missing := func(on, grant string) sdk.Diagnostics {
		return sdk.Diagnostics{sdk.Error("Missing privilege", fmt.Sprintf("The role %q may not read %s. Have the owner of the %s run:\n  %s",
			role, r.Spelled(), on, grant), "table")}
	}
	if !r.Usable {
		return missing("schema", fmt.Sprintf("GRANT USAGE ON SCHEMA %s TO %s;", session.Ident(r.Schema), session.Ident(role)))
	}
	if r.Readable {
		return nil
	}
	wanted := s.columns
	if wanted == nil {
		return missing("table", fmt.Sprintf("GRANT SELECT ON %s TO %s;", r.Quoted(), session.Ident(role)))
	}
	var denied []string
	for _, column := range r.Columns {
		if slices.Contains(wanted, column.Name) && !column.Readable {
			denied = append(denied, session.Ident(column.Name))
		}
	}
	if denied != nil {
		return missing("table", fmt.Sprintf("GRANT SELECT (%s) ON %s TO %s;", strings.Join(denied, ", "), r.Quoted(), session.Ident(role)))
	}
	return nil
}

func (s *source) describeQuery(ctx context.Context, c *session.Conn) sdk.Diagnostics {
	described, err := c.Describe(ctx, "SELECT * FROM "+s.from())
	if err != nil {
		return s.diagnose(err)
	}
	var all []catalog.Column
	var oids []uint32
	for _, field := range described {
		all = append(all, catalog.Column{Name: field.Name, Type: field.Type, Typmod: field.Typmod})
		oids = append(oids, field.Type)
	}
	if diags := checkQueryNames(all); diags != nil {
		return diags
	}
	columns, diags := s.chosen(all)
	if diags != nil {
		return diags
	}
	types, err := catalog.LoadTypes(ctx, c, oids)
	if err != nil {
		return s.diagnose(err)
	}
	for _, column := range columns {
		s.fields = append(s.fields, sourceField{name: column.Name, shape: types.Shape(column.Type, column.Typmod, 0)})
	}
	return nil
}

// checkQueryNames refuses columns that nobody could name.
func checkQueryNames(columns []catalog.Column) sdk.Diagnostics {
	seen := map[string]bool{}
	for _, column := range columns {
		if column.Name == "?column?" || seen[column.Name] {
			return sdk.Diagnostics{sdk.Error("Columns without names of their own", fmt.Sprintf("The query has more than one column %q, or one without a name. Name each "+
				"column: SELECT a + b AS total.", column.Name), "query")}
		}
		seen[column.Name] = true
	}
	if len(columns) == 0 {
		return sdk.Diagnostics{sdk.Error("No columns", "The query returns no columns.", "query")}
	}
	return nil
}

// checkNames checks the columns' names, and that what types declares is there.
func (s *source) checkNames(names []string) sdk.Diagnostics {
	columns := naming.Source{Have: s.name() + " has", Where: "with a query (SELECT … AS …)", Path: s.path()}
	diags := append(columns.Reserved(names), columns.Case(names)...)
	return append(diags, columns.Declared(names, s.types)...)
}

// checkTypes refuses declared types that no value of their column can be read as.
func (s *source) checkTypes() sdk.Diagnostics {
	var diags sdk.Diagnostics
	for _, f := range s.fields {
		if declared, ok := s.types[f.name]; ok && !f.shape.Admits(declared) {
			diags = append(diags, sdk.Error("Type of no value", fmt.Sprintf("No value of the column %q of %s can be read as %s: each row that has one would be a bad row. Remove the column from types, by which it "+
				"is read as %s, and cast it in a table that reads this one, or at the source: query = \"SELECT …\".", f.name, s.label(), declared, f.shape.Natural), "types", f.name))
		}
	}
	return diags
}

// path is the attribute that says what is read.
func (s *source) path() string {
	if s.relation == nil {
		return "query"
	}
	return "table"
}

// name is what is read, in words.
func (s *source) name() string {
	if s.relation == nil {
		return "The query"
	}
	return s.relation.Spelled()
}

// label is the value of _etl_source.
func (s *source) label() string {
	if s.relation == nil {
		return "query"
	}
	return s.relation.Spelled()
}

// natural are the columns as the source would be read if nothing were recorded.
func (s *source) natural() coltype.Schema {
	out := make(coltype.Schema, len(s.fields))
	for i, f := range s.fields {
		t := f.shape.Natural
		if declared, ok := s.types[f.name]; ok {
			t = declared
		}
		out[i] = coltype.Field{Name: f.name, Type: t, Doc: f.doc}
	}
	return out
}

// lossy warns of columns that are text since nothing says what their numbers look like.
func (s *source) lossy() sdk.Diagnostics {
	reasons := map[string][]string{}
	for _, f := range s.fields {
		if _, declared := s.types[f.name]; f.shape.Lossy != "" && !declared {
			reasons[f.shape.Lossy] = append(reasons[f.shape.Lossy], f.name)
		}
	}
	var diags sdk.Diagnostics
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		names := reasons[reason]
		diags = append(diags, sdk.Warning("Numbers read as text", fmt.Sprintf("Of type %s: %s. No decimal holds all of their values, so that they are read as "+
			"text. Declare what they are: types = { %s = decimal(38, 9) }, where values that don't fit become bad rows, or string to keep them as text.",
			reason, strings.Join(names, ", "), names[0])))
	}
	return diags
}

// diagnose words an error of looking at or reading the source.
func (o options) diagnose(err error) sdk.Diagnostics {
	var diags sdk.Diagnostics
	var missing *catalog.NotFoundError
	path := "table"
	if o.query != "" {
		path = "query"
	}
	said := session.Message(err)
	switch {
	case errors.As(err, &diags):
		return diags
	case errors.As(err, &missing):
		return o.notFound(missing)
	case session.Lost(err):
		return sdk.Errorf("Connection lost", "The connection to the server %s was lost%s. Nothing of this run was kept; run it again.",
			o.settings.Target().Server(), because(said))
	case said == "":
		return sdk.Errorf("Reading failed", "Reading from the server %s failed: %s.", o.settings.Target().Server(), err)
	case session.Code(err) == session.CodeNoPrivilege:
		return sdk.Diagnostics{sdk.Error("Missing privilege", fmt.Sprintf("The role %q may not do this: %s. Have the owner grant it.",
			o.settings.Target().User, said), path)}
	case session.Code(err) == session.CodeLimit && o.slot != "":
		return o.crowded(said)
	case o.query == "" && o.where != "" && strings.HasPrefix(session.Code(err), "42"):
		return mistakenCondition(said)
	case o.query != "" && strings.HasPrefix(session.Code(err), "42"):
		return sdk.Diagnostics{sdk.Error("Mistake in the query", fmt.Sprintf("The server doesn't understand the query: %s.%s", said, semicolon(said)), "query")}
	}
	return sdk.Diagnostics{sdk.Error("The server refuses", fmt.Sprintf("The server says: %s (code %s).", said, session.Code(err)), path)}
}

// semicolon says how to mend what the server stumbles over where a query is more than one statement, or has a remark after its end.
func semicolon(said string) string {
	if !strings.Contains(said, `";"`) {
		return ""
	}
	return " A query is one SELECT: remove the semicolon, and what follows it."
}

func because(said string) string {
	if said == "" {
		return ""
	}
	return ": " + said
}

func (o options) notFound(missing *catalog.NotFoundError) sdk.Diagnostics {
	where := fmt.Sprintf("The database %q has no table %q", o.settings.Target().Name(), missing.Name.Table)
	if missing.Schema {
		where = fmt.Sprintf("The database %q has no schema %q", o.settings.Target().Name(), missing.Name.Schema)
	} else if missing.Name.Schema != "" {
		where += fmt.Sprintf(" in the schema %q", missing.Name.Schema)
	}
	if missing.Near != "" {
		where += fmt.Sprintf(". Did you mean %q", missing.Near)
		return sdk.Diagnostics{sdk.Error("Unknown table", where+"?", "table")}
	}
	return sdk.Diagnostics{sdk.Error("Unknown table", where+". Correct the name, or the connection's database.", "table")}
}
