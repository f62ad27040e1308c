package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// gap is what a publication doesn't tell of a table, and how its owner mends that.
type gap struct{ summary, what, mend string }

// gap is nil where a publication tells all that is read.
func (s *source) gap(p *slot.Publication) *gap {
	name := s.publicationName()
	own, table := session.Ident(name), s.relation.Quoted()
	switch {
	case s.relation.Kind == catalog.Partitioned && !p.ViaRoot:
		return &gap{"Partitions published one by one", fmt.Sprintf("The publication %q tells the changes of partitions under their own names.", name),
			fmt.Sprintf("Have its owner run:\n  ALTER PUBLICATION %s SET (publish_via_partition_root = true);", own)}
	case !p.Has:
		return &gap{"Table not published", fmt.Sprintf("The publication %q doesn't have the table %s.", name, s.label()),
			fmt.Sprintf("Have its owner run:\n  ALTER PUBLICATION %s ADD TABLE %s;", own, table)}
	case !p.All():
		return &gap{"Changes not published", fmt.Sprintf("The publication %q doesn't tell all changes.", name),
			fmt.Sprintf("Have its owner run:\n  ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate');", own)}
	case p.Filtered:
		return &gap{"Rows not published", fmt.Sprintf("The publication %q tells the changes of some rows of %s only (WHERE).", name, s.label()),
			"Publish all of them, and filter in a table that reads this one."}
	}
	return s.columnGap(p)
}

// columnGap looks for columns that the publication leaves out.
func (s *source) columnGap(p *slot.Publication) *gap {
	var missing []string
	for _, field := range s.fields {
		if p.Columns != nil && !slices.Contains(p.Columns, field.name) {
			missing = append(missing, field.name)
		}
	}
	if missing == nil {
		return nil
	}
	return &gap{"Columns not published", fmt.Sprintf("The publication %q leaves out columns of %s: %s.", s.publicationName(), s.label(), strings.Join(missing, ", ")),
		"Publish them, or name the others in columns."}
}

// tells checks that the publication tells all of the table, and is the one that the recorded rows were read by.
func (f *following) tells(ctx context.Context, c *session.Conn, s *source) error {
	p, err := slot.LoadPublication(ctx, c, s.publicationName(), s.relation.Schema, s.relation.Name)
	again := "Read the table anew: `etl apply -resnapshot`."
	switch {
	case err != nil:
		return err
	case p == nil:
		return sdk.Errorf("Publication gone", "The server has no publication %s any more. %s", s.publicationName(), again)
	}
	if g := s.gap(p); g != nil {
		return sdk.Errorf(g.summary, "%s %s", g.what, again)
	}
	if f.read.Publication != "" && f.read.Publication != p.Stamp() {
		return sdk.Errorf("Publication changed", "%s %s", s.rewritten(), again)
	}
	if f.read.moved(p) {
		return sdk.Errorf("Table moved between schemas", "%s %s", s.away(), again)
	}
	f.read.Publication, f.read.Placed = p.Stamp(), p.Placed
	return nil
}

// absent words that the server finds no publication: it decodes its log with the catalog as it was at each place.
func (o options) absent(err error) sdk.Diagnostics {
	return sdk.Errorf("Publication gone for a while", "The server can't tell the changes: %s. If it is there now, the publication %s was made, or made again, after changes that were not read. "+
		"Read the table anew: `etl apply -resnapshot`.", session.Message(err), o.publicationName())
}

// rewritten says that a publication is another one than recorded.
func (s *source) rewritten() string {
	return fmt.Sprintf("The publication %s was altered, or made again, since %s was read, or is another one than then. What it told meanwhile is not known.", s.publicationName(), s.label())
}

// moved reports whether the table was put into its schema since a place was recorded, by a publication that tells the schema's tables.
func (p place) moved(now *slot.Publication) bool {
	return p.Placed != "" && now.Placed != "" && p.Placed != now.Placed
}

// away says that a table was not in the schema whose tables are told.
func (s *source) away() string {
	return fmt.Sprintf("The publication %s tells the tables of a schema, and %s was moved to another one and back since it was read. What changed meanwhile is not known.",
		s.publicationName(), s.label())
}
