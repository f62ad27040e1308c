package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

// checkServer says what at the server keeps tables from being followed.
func (f *followed) checkServer() sdk.Diagnostics {
	server := f.server
	name := f.settings.Target().Server()
	switch {
	case server.Recovery:
		return sdk.Diagnostics{sdk.Error("Server that only follows itself", fmt.Sprintf("The server %s is a standby. Changes are read from the primary: name that one in the connection.", name),
			"connection", "host")}
	case server.WALLevel != "logical":
		return sdk.Diagnostics{sdk.Error("Log without changes of rows", fmt.Sprintf("The server %s writes its log with wal_level = %s, from which changes of rows can't be told. As its "+
			"administrator run this, and restart it:\n  ALTER SYSTEM SET wal_level = logical;", name, server.WALLevel), "connection")}
	case !server.MayFollow:
		return sdk.Diagnostics{sdk.Error("Missing privilege", fmt.Sprintf("The role %q may not read the server's log. As an administrator run:\n  ALTER ROLE %s REPLICATION;",
			server.Role, session.Ident(server.Role)), "connection", "user")}
	}
	return nil
}

// checkTable says which tables can't be followed.
func (f *followed) checkTable() sdk.Diagnostics {
	r := f.relation
	switch {
	case r.Kind != catalog.Table && r.Kind != catalog.Partitioned:
		return sdk.Diagnostics{sdk.Error("Not a table", fmt.Sprintf("%s is a view or a foreign table, which the server writes no log of. Follow the tables that it is made of, or read it "+
			"with extract \"batch\".", f.label()), "table")}
	case r.Kind == catalog.Partitioned && f.server.Version < slot.ViaRootVersion:
		return sdk.Diagnostics{sdk.Error("Partitions published one by one", fmt.Sprintf("The server is of version %d, and tables with partitions can be followed as a whole from version %d on. "+
			"Follow the partitions of %s, each in a source block of its own, or read it with extract \"batch\".", f.server.Version, slot.ViaRootVersion, f.label()), "table")}
	case r.Unlogged:
		return sdk.Diagnostics{sdk.Error("Table without log", fmt.Sprintf("%s is unlogged: the server writes no log of its changes. Have its owner run:\n  ALTER TABLE %s SET LOGGED;",
			f.label(), r.Quoted()), "table")}
	case r.Children:
		return sdk.Diagnostics{sdk.Error("Table with inheritance", fmt.Sprintf("Other tables inherit from %s, and the log tells each of them by itself. Make it a partitioned table, or read it "+
			"with extract \"batch\". The tables that inherit from it can be followed, each in a source block of its own and with a primary key of its own, but not the rows of %s itself.", f.label(), f.label()), "table")}
	}
	return nil
}

// checkKey checks that what identifies a row is read.
func (f *followed) checkKey() sdk.Diagnostics {
	for _, name := range f.key {
		if !slices.ContainsFunc(f.fields, func(field sourceField) bool { return field.name == name }) {
			return sdk.Diagnostics{sdk.Error("Key not read", fmt.Sprintf("The column %q identifies the rows of %s and is not among the columns. Add it to them.", name, f.label()), "columns")}
		}
	}
	return nil
}

// checkPublication checks the publication that the block names, or that one can be created.
func (f *followed) checkPublication() sdk.Diagnostics {
	role := session.Ident(f.server.Role)
	say := func(summary, detail string, args ...any) sdk.Diagnostics {
		return sdk.Diagnostics{sdk.Error(summary, fmt.Sprintf(detail, args...), "extract", "publication")}
	}
	p := f.own
	switch {
	case f.publication == "" && p == nil && !f.relation.Owned:
		return say("Missing privilege", "Only the owner of %s, the role %q, may publish its changes; no privilege on the database is enough. Have it (it needs CREATE on the database) run this, and name it, publication = %q:\n  %s;", f.label(), f.relation.Owner, f.common,
			f.publishSQL(f.common))
	case f.publication == "" && p == nil && !f.server.MayPublish:
		return say("Missing privilege", "The role %q may not create the publication that says which table is followed. Have the database's owner run\n  GRANT CREATE ON DATABASE %s TO %s;\nor have the "+
			"table's owner run this, and name it, publication = %q:\n  %s;", f.server.Role, session.Ident(f.settings.Target().Name()), role, f.common, f.publishSQL(f.common))
	case f.publication != "" && p == nil:
		return say("Unknown publication", "The database has no publication %q. Have the owner of %s run:\n  %s;", f.publication, f.label(), f.publishSQL(f.publication))
	case p == nil || f.publication == "": // our own is mended, once the table is read anew
		return nil
	}
	if g := f.gap(p); g != nil {
		return say(g.summary, "%s %s\nIf the table was read already, changes made meanwhile are lost to it: then read it anew, `etl apply -resnapshot`.", g.what, g.mend)
	}
	return nil
}

func (f *followed) publishSQL(name string) string {
	return slot.PublishSQL(name, f.relation.Quoted(), f.relation.Kind == catalog.Partitioned)
}

// checkSlot checks that the slot is ours, or that one can be created.
func (f *followed) checkSlot() sdk.Diagnostics {
	if s := f.state; s != nil {
		if s.Plugin == slot.Plugin && !s.Here {
			return sdk.Errorf("Replication slot in another database", "The source was followed in the database %q of this server before, where its replication slot %s still is, and a slot is of one database. If nobody "+
				"reads it any more, which would be a copy of this lakehouse, run this in the database %q:\n  SELECT pg_drop_replication_slot('%s');\n  DROP PUBLICATION IF EXISTS %s;\nThe next apply creates "+
				"another one here, and reads the table anew.", s.Database, f.slot, s.Database, f.slot, session.Ident(f.slot))
		}
		if s.Plugin != slot.Plugin {
			return sdk.Errorf("Replication slot of somebody else", "The server has a replication slot %s already, of the plugin %q in the database %q. If nobody needs it, run\n"+
				"  SELECT pg_drop_replication_slot('%s');\nElse give the source block another name.", f.slot, s.Plugin, s.Database, f.slot)
		}
		return nil
	}
	const wanted = 2 // one to stay, and one while the table is read for the first time
	if free := f.server.Slots - f.server.Used; free < wanted {
		return sdk.Errorf("No replication slot free", "The server has %d of %d replication slots free, and following a table needs one, and another one while it is read for the first time. Drop "+
			"slots that nobody needs (SELECT * FROM pg_replication_slots), or, as its administrator, run this, and restart it:\n  ALTER SYSTEM SET max_replication_slots = %d;",
			free, f.server.Slots, f.server.Used+wanted+f.server.Slots/2)
	}
	if f.server.Senders-f.server.Busy < 1 {
		return sdk.Errorf("No sender free", "All %d senders of the server's log are in use. As its administrator run this, and restart it:\n  ALTER SYSTEM SET max_wal_senders = %d;",
			f.server.Senders, 2*f.server.Senders+wanted)
	}
	return nil
}

// crowded words that the server has no slot left, although there were enough for this source alone when it was planned.
func (o options) crowded(said string) sdk.Diagnostics {
	return sdk.Errorf("No replication slot free", "The server %s has no replication slot left: %s. Each source that is followed needs one, and another one while it is read for the first time, so that "+
		"sources which begin in one run need more than each of them alone. Begin with some of them (-target=…), drop slots that nobody needs (SELECT * FROM pg_replication_slots), or, as the server's "+
		"administrator, raise max_replication_slots and restart it.", o.settings.Target().Server(), said)
}

// snapshotWarnings say once, when the table is read for the first time, what its changes won't tell.
func (f *followed) snapshotWarnings() sdk.Diagnostics {
	var diags sdk.Diagnostics
	if f.relation.Kind == catalog.Partitioned {
		diags = append(diags, sdk.Warning("Partitions as a whole", fmt.Sprintf("The server's log doesn't tell when a single partition of %s is truncated, attached, detached or dropped. Rows that come or "+
			"go in this way are noticed by `etl apply -resnapshot` only.", f.label()), "table"))
	}
	if f.generated != nil {
		diags = append(diags, sdk.Warning("Generated columns left out", fmt.Sprintf("The server's log doesn't have generated columns, so that these of %s are not read: %s. Compute them in a table that reads this "+
			"one.", f.label(), strings.Join(f.generated, ", ")), "table"))
	}
	if f.key == nil {
		diags = append(diags, sdk.Warning("No key", fmt.Sprintf("%s has no primary key; its whole rows identify it. Its changes can be kept as a log, not applied by key.", f.label()), "table"))
	}
	return diags
}
