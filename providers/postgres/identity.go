package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// rowIdentity is what identifies a row in the log, the same in all tables that hold rows: the table itself, or its partitions.
type rowIdentity struct {
	key     []string            // nil: all of the row
	holders []uint32            // the tables that hold rows
	others  map[uint32][]string // what the log tells rows of a holder by, where the key is not among it
}

// rowIdentity looks it up. Without anything, a publication would make updates and deletes fail at the source.
func (s *source) rowIdentity(ctx context.Context, c *session.Conn) (*rowIdentity, sdk.Diagnostics) {
	leaves := []*catalog.Relation{s.relation}
	if s.relation.Kind == catalog.Partitioned {
		var err error
		if leaves, err = catalog.LeafRelations(ctx, c, s.relation.OID); err != nil {
			return nil, s.diagnose(err)
		}
	}
	out := &rowIdentity{key: s.relation.Key, others: map[uint32][]string{}}
	for i, r := range leaves {
		key, diags := identity(r)
		if diags != nil {
			return nil, diags
		}
		if i > 0 && !slices.Equal(key, out.key) {
			return nil, sdk.Diagnostics{sdk.Error("Partitions of different identity", fmt.Sprintf("The partitions %s and %s are not identified by the same columns. Give all partitions the "+
				"same replica identity.", leaves[0].Spelled(), r.Spelled()), "table")}
		}
		out.key, out.holders = key, append(out.holders, r.OID)
	}
	return out, nil
}

func identity(r *catalog.Relation) ([]string, sdk.Diagnostics) {
	switch {
	case r.Identity == "i" && r.IdentityKey != nil:
		return r.IdentityKey, nil
	case r.Identity == "f":
		return r.Key, nil
	case r.Identity == "d" && r.Key != nil:
		return r.Key, nil
	}
	why := "it has no primary key"
	if r.Identity == "n" {
		why = "its replica identity is nothing"
	}
	return nil, sdk.Diagnostics{sdk.Error("Nothing identifies rows", fmt.Sprintf("The rows of %s can't be told apart in the log: %s. Have its owner run one of:\n"+
		"  ALTER TABLE %s ADD PRIMARY KEY (…);\n  ALTER TABLE %s REPLICA IDENTITY USING INDEX …;  -- a unique index over columns that are never null\n"+
		"  ALTER TABLE %s REPLICA IDENTITY FULL;  -- writes whole rows to the log",
		r.Spelled(), why, r.Quoted(), r.Quoted(), r.Quoted()), "table")}
}

// described takes what the log says of a table: at that place it may have had another identity than it has now.
func (i *rowIdentity) described(m pgoutput.Relation) {
	if !slices.Contains(i.holders, m.ID) {
		return
	}
	var by, rest []string
	for _, c := range m.Columns {
		if c.Key {
			by = append(by, c.Name)
		} else {
			rest = append(rest, c.Name)
		}
	}
	if i.key == nil && rest == nil || i.key != nil && !slices.ContainsFunc(i.key, func(name string) bool { return !slices.Contains(by, name) }) {
		delete(i.others, m.ID)
		return
	}
	i.others[m.ID] = by
}

// told checks that a row which is updated or deleted is told by its key. Of a table with partitions the log doesn't say in which of
// them the row is, and one that was a partition then may be none now: there the key itself must be told.
func (t *telling) told(known pgoutput.Old, old []pgoutput.Value) error {
	if len(t.identity.others) > 0 {
		for _, id := range t.identity.holders {
			if by, other := t.identity.others[id]; other {
				return t.otherwise(by)
			}
		}
	}
	if known != pgoutput.OldKey || t.rows == nil {
		return nil
	}
	missing := func(place int) bool { return place >= len(old) || old[place].Kind != pgoutput.Text }
	if t.rows.key != nil && !slices.ContainsFunc(t.rows.key, missing) {
		return nil
	}
	var by []string
	for place, name := range t.rows.told {
		if !missing(place) {
			by = append(by, name)
		}
	}
	return t.otherwise(by)
}

// otherwise says that the log tells rows by other columns than the key.
func (t *telling) otherwise(by []string) error {
	words := func(columns []string, none string) string {
		if columns == nil {
			return none
		}
		return "by " + strings.Join(columns, ", ")
	}
	return sdk.Errorf("Rows told by other columns", "The log tells which rows of %s were changed or deleted %s, and the table is followed %s: it had another primary key or replica identity for a while. "+
		"Which of its rows they are is not known, so that it must be read anew: `etl apply -resnapshot`.", t.source.label(), words(by, "by no columns"), words(t.identity.key, "by whole rows"))
}
