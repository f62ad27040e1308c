package slot

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Plugin writes changes for us.
const Plugin = "pgoutput"

// PublishSQL creates a publication of one table. One with partitions tells their changes as its own, which servers older than
// ViaRootVersion don't know of.
func PublishSQL(name, table string, partitioned bool) string {
	sql := fmt.Sprintf("CREATE PUBLICATION %s FOR TABLE %s", session.Ident(name), table)
	if partitioned {
		sql += " WITH (publish_via_partition_root = true)"
	}
	return sql
}

// ViaRootVersion is the first server that publishes tables with partitions.
const ViaRootVersion = 13

// Publish makes our own publication tell the changes of one table. One that is sound already is left as it is.
func Publish(ctx context.Context, c *session.Conn, name, quoted string, partitioned bool, p *Publication, sound bool) error {
	switch {
	case p == nil:
		err := write(ctx, c, PublishSQL(name, quoted, partitioned))
		if session.Code(err) == session.CodeDuplicateObject {
			return nil // another reader of the source was faster
		}
		return err
	case p.Has && p.Tables == 1 && sound:
		return nil
	}
	sql := fmt.Sprintf("ALTER PUBLICATION %s SET TABLE %s", session.Ident(name), quoted)
	if !sound {
		sql += "; " + wholeSQL(name, partitioned)
	}
	return write(ctx, c, sql)
}

// write runs statements in a transaction, also for a role whose transactions only read unless they say otherwise.
func write(ctx context.Context, c *session.Conn, sql string) error {
	err := c.Exec(ctx, "BEGIN READ WRITE; "+sql+"; COMMIT")
	if err != nil {
		_ = c.Rollback(ctx) // where that fails, so does what comes next on the connection
	}
	return err
}

// wholeSQL makes a publication tell all kinds of changes.
func wholeSQL(name string, partitioned bool) string {
	sql := fmt.Sprintf("ALTER PUBLICATION %s SET (publish = 'insert, update, delete, truncate'", session.Ident(name))
	if partitioned {
		sql += ", publish_via_partition_root = true"
	}
	return sql + ")"
}

// Create makes a slot, or finds it. Making one waits until all transactions of the moment have ended.
func Create(ctx context.Context, s session.Settings, c *session.Conn, name string) error {
	state, err := Load(ctx, c, name)
	if err != nil {
		return err
	}
	if state != nil && state.Lost() {
		if err := Drop(ctx, c, name); err != nil {
			return err
		}
	} else if state != nil {
		return nil
	}
	if err := c.Watched(ctx); err != nil {
		return err
	}
	stop := Announce(ctx, s, c, name)
	defer stop()
	_, err = c.Rows(ctx, "SELECT pg_catalog.pg_create_logical_replication_slot($1, $2)", name, Plugin)
	if session.Code(err) == session.CodeDuplicateObject {
		return nil
	}
	return err
}

// TemporarySQL makes a slot that ends with its connection, and exports the state of the database from which on it tells
// changes.
func TemporarySQL(name string) string {
	return fmt.Sprintf("CREATE_REPLICATION_SLOT %s TEMPORARY LOGICAL %s EXPORT_SNAPSHOT", session.Ident(name), Plugin)
}

// FollowSQL streams the changes that transactions made whose commits begin at a place or after it.
func FollowSQL(name, publication string, from pgoutput.LSN) string {
	return fmt.Sprintf("START_REPLICATION SLOT %s LOGICAL %s (proto_version '1', publication_names %s)",
		session.Ident(name), from, session.Literal(session.Ident(publication)))
}

// Advance lets the slot forget what lies before a place. It never goes back.
func Advance(ctx context.Context, c *session.Conn, name string, to pgoutput.LSN) error {
	return WhenFree(ctx, name, func() error {
		state, err := Load(ctx, c, name)
		if err != nil || state == nil || state.Confirmed >= to || state.Lost() {
			return err
		}
		_, err = c.Rows(ctx, "SELECT pg_catalog.pg_replication_slot_advance($1, $2::pg_lsn)", name, to)
		return err
	})
}

// Drop removes a slot, if it is there.
func Drop(ctx context.Context, c *session.Conn, name string) error {
	return whenFree(ctx, name, dropTime, func() error {
		_, err := c.Rows(ctx, "SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1 AND database = current_database()", name)
		if session.Code(err) == session.CodeUnknownObject {
			return nil
		}
		return err
	})
}

// Unpublish removes our own publication, if it is there.
func Unpublish(ctx context.Context, c *session.Conn, name string) error {
	return write(ctx, c, "DROP PUBLICATION IF EXISTS "+session.Ident(name))
}

// busyTime is how long a slot may be in use by somebody else: another table that reads it, or a reader that died and whose
// connection the server has not given up yet.
const busyTime = 90 * time.Second

// dropTime is shorter than the host waits for a release, so that what is in the way is said.
const dropTime = 45 * time.Second

// WhenFree repeats something until the slot is not in use.
func WhenFree(ctx context.Context, name string, do func() error) error {
	return whenFree(ctx, name, busyTime, do)
}

func whenFree(ctx context.Context, name string, patience time.Duration, do func() error) error {
	wait := 50 * time.Millisecond
	for end := time.Now().Add(patience); ; {
		err := do()
		if session.Code(err) != session.CodeObjectInUse || time.Now().After(end) {
			return err
		}
		slog.DebugContext(ctx, "a replication slot is in use; waiting", "slot", name)
		if !session.Sleep(ctx, wait) {
			return ctx.Err()
		}
		wait = min(2*wait, time.Second)
	}
}
