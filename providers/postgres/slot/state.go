package slot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Server is what following depends on at the server.
type Server struct {
	Recovery   bool         `json:"recovery"`
	WALLevel   string       `json:"wal_level"`
	Slots      int          `json:"slots"`
	Used       int          `json:"used"`
	Senders    int          `json:"senders"`
	Busy       int          `json:"busy"`
	Role       string       `json:"role"`
	MayFollow  bool         `json:"may_follow"`
	MayPublish bool         `json:"may_publish"`
	Now        pgoutput.LSN `json:"now"`
	System     string       `json:"-"`
	Version    int          `json:"-"` // major
}

const serverSQL = `
SELECT json_build_object(
  'recovery', pg_catalog.pg_is_in_recovery(),
  'wal_level', current_setting('wal_level'),
  'slots', current_setting('max_replication_slots')::int,
  'used', (SELECT count(*) FROM pg_catalog.pg_replication_slots),
  'senders', current_setting('max_wal_senders')::int,
  'busy', (SELECT count(*) FROM pg_catalog.pg_stat_replication),
  'role', current_user,
  'may_follow', (SELECT rolsuper OR rolreplication FROM pg_catalog.pg_roles WHERE rolname = current_user)
    OR EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rds_replication' AND pg_catalog.pg_has_role(oid, 'MEMBER')),
  'may_publish', pg_catalog.has_database_privilege(current_database(), 'CREATE'),
  'now', CASE WHEN pg_catalog.pg_is_in_recovery() THEN '0/0' ELSE pg_catalog.pg_current_wal_flush_lsn()::text END)`

// LoadServer asks the server. It must not be called within a transaction, which an answer that is refused would end.
func LoadServer(ctx context.Context, c *session.Conn) (*Server, error) {
	var s Server
	if _, err := c.JSON(ctx, &s, serverSQL); err != nil {
		return nil, err
	}
	system, err := c.Value(ctx, "SELECT system_identifier FROM pg_catalog.pg_control_system()")
	if err != nil && session.Code(err) != session.CodeNoPrivilege {
		return nil, err
	}
	s.System, s.Version = system, c.Version()
	return &s, nil
}

// State is a slot as it is now.
type State struct {
	Plugin    string       `json:"plugin"`
	Database  string       `json:"database"`
	Here      bool         `json:"here"` // in the connection's database
	Active    bool         `json:"active"`
	WALStatus string       `json:"wal_status"`
	Confirmed pgoutput.LSN `json:"confirmed"`
	Retained  int64        `json:"retained"` // bytes of the log that the server keeps for it
}

// Lost reports whether the server has removed what the slot would need.
func (s *State) Lost() bool { return s.WALStatus == "lost" }

// wal_status came with version 13.
const (
	slotSQL = `
SELECT json_build_object(
  'plugin', coalesce(plugin, ''), 'database', coalesce(database, ''), 'here', coalesce(database = current_database(), false), 'active', active,
  'wal_status', coalesce(to_jsonb(s) ->> 'wal_status', ''),
  'confirmed', coalesce(confirmed_flush_lsn, '0/0')::text,
  'retained', coalesce(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), restart_lsn), 0)::int8)
FROM pg_catalog.pg_replication_slots s WHERE slot_name = $1`
)

// Load describes a slot; nil where there is none.
func Load(ctx context.Context, c *session.Conn, name string) (*State, error) {
	var s State
	found, err := c.JSON(ctx, &s, slotSQL, name)
	if err != nil || !found {
		return nil, err
	}
	return &s, nil
}

const peekSQL = `
SELECT coalesce(sum(changes), 0)::int8 FROM (
  SELECT count(*) FILTER (WHERE CASE get_byte(data, 0)
      WHEN 84 THEN EXISTS (SELECT FROM generate_series(7, length(data) - 3, 4) place WHERE substring(data FROM place FOR 4) = oidsend($5::oid))
      ELSE get_byte(data, 0) IN (68, 73, 85) AND substring(data FROM 2 FOR 4) = oidsend($5::oid) END) AS changes, max(lsn - '0/0') FILTER (WHERE get_byte(data, 0) = 67) AS ended
  FROM pg_catalog.pg_logical_slot_peek_binary_changes($1, $2::pg_lsn, NULL, 'proto_version', '1', 'publication_names', $3)
  GROUP BY xid::text) AS transactions
WHERE ended > $4::pg_lsn - '0/0'`

// peekTime is how long a plan waits for a slot that another table's plan looks into at the same moment, and how long it looks
// into much log.
const peekTime = 2 * time.Second

// Peek counts the changes of a table that a read would find, without taking them; a publication may tell more tables. It gives up after a while where somebody else reads
// the slot, with CodeObjectInUse, and in a log that is long, with CodeCanceled.
func Peek(ctx context.Context, c *session.Conn, name, publication string, table uint32, from, until pgoutput.LSN, long bool) (n int64, err error) {
	if long {
		if err := c.Exec(ctx, fmt.Sprintf("SET statement_timeout = %d", peekTime.Milliseconds())); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, c.Exec(ctx, "RESET statement_timeout")) }()
	}
	err = whenFree(ctx, name, peekTime, func() error {
		_, err := c.JSON(ctx, &n, peekSQL, name, until, session.Ident(publication), from, table)
		return err
	})
	return n, err
}
