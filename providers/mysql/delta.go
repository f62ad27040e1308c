package mysql

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
	"github.com/automic-etl/etl/providers/mysql/binlog"
)

func deltaBlock() schema.Block {
	return schema.Block{
		Doc: "Follows the changes of a table in the binary log, by GTID, after a snapshot. The server must log rows, whole, with the names of their " +
			"columns: binlog_format = ROW, binlog_row_image = FULL, binlog_row_metadata = FULL, and gtid_mode = ON on MySQL. Nothing is created at the server.",
		Attributes: []schema.Attribute{
			{Name: "server_id", Type: cty.Number, Cosmetic: true, Doc: "The reader's number among the server's replicas. By default one is drawn for each read; one that is given serves a single read at a time."},
		},
	}
}

// point is a place in the stream: all transactions before it, and what positions begin with.
type point struct {
	Version int    `json:"version"`
	Server  string `json:"server"` // who wrote the log: another server's files and offsets mean nothing
	Epoch   uint64 `json:"epoch"`  // grows with each snapshot and each server
	GTIDs   string `json:"gtids"`
	// File is one of the server's log that was there at the point; empty in cursors of old, and where it may not be known.
	File string `json:"file,omitempty"`
	// Last is one of the transactions, by which the server's history is known again; nil in cursors of old, and where none could
	// be asked for.
	Last *binlog.Mark `json:"last,omitempty"`
	// Gone are names under which values were read, and whose columns have them no more; Unread are those of recorded columns
	// under which none were, and Absent those of these that rows were read without.
	Gone   []string `json:"gone,omitempty"`
	Unread []string `json:"unread,omitempty"`
	Absent []string `json:"absent,omitempty"`
	// Types are what the columns were declared as when the last read was planned.
	Types map[string]string `json:"types,omitempty"`
}

// bound is a point up to which a plan wants changes, and the columns that were recorded when it was made.
type bound struct {
	point
	Recorded []string `json:"recorded,omitempty"`
}

// names are those of recorded columns at a point.
func (p *point) names(recorded []string) *binlog.Names {
	held := slices.DeleteFunc(slices.Clone(recorded), func(column string) bool { return slices.Contains(p.Unread, column) })
	return binlog.NewNames(recorded, held, p.Gone, p.Absent)
}

// log is what the server says of its binary log.
type log struct {
	server string
	gtids  *binlog.GTIDs
	purged *binlog.GTIDs // those before the oldest file
}

func (s *server) log(ctx context.Context) (*log, error) {
	l := &log{}
	var err error
	if l.server, err = s.identity(ctx); err != nil {
		return nil, err
	}
	query := "SELECT @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged"
	if s.maria {
		query = "SELECT @@GLOBAL.gtid_binlog_pos, ''"
	}
	var executed, purged string
	if err := s.db.QueryRowContext(ctx, query).Scan(&executed, &purged); err != nil {
		return nil, err
	}
	if l.gtids, err = binlog.ParseGTIDs(s.maria, executed); err != nil {
		return nil, err
	}
	if s.maria {
		if purged, err = s.oldest(ctx); err != nil {
			return nil, s.explainLog(err)
		}
	}
	l.purged, err = binlog.ParseGTIDs(s.maria, purged)
	return l, err
}

// identity tells servers apart. Those of MariaDB before 10.10 have no identity, but a host and a number.
func (s *server) identity(ctx context.Context) (string, error) {
	names := []string{"server_uuid"}
	if s.maria {
		names = []string{"server_uid"}
	}
	for _, list := range [][]string{names, {"hostname", "port", "server_id"}} {
		var parts []string
		for _, name := range list {
			value, err := s.variable(ctx, name)
			if err != nil {
				return "", err
			}
			parts = append(parts, value)
		}
		if joined := strings.Join(parts, ":"); joined != "" {
			return joined, nil
		}
	}
	return "", errors.New("the server doesn't say who it is")
}

func (s *server) planDelta(ctx context.Context, r *relation, recorded coltype.Schema, cursor []byte) (*sdk.PlanResponse, error) {
	if diags := s.preconditions(ctx, r); diags.HasErrors() {
		return nil, diags
	}
	now, err := s.log(ctx)
	if err != nil {
		return nil, err
	}
	// The columns are looked at after the bound, so that no change before it can have others.
	again, diags := s.describe(ctx, s.db)
	if diags.HasErrors() {
		return nil, diags
	}
	until, err := encodeCursor(bound{point{Version: cursorVersion, Server: now.server, GTIDs: now.gtids.String(), Types: again.types()}, recorded.Names()})
	if err != nil {
		return nil, err
	}
	response := &sdk.PlanResponse{Columns: s.offered(again), Resumable: true, Changed: true, Rows: -1, Bytes: -1, Until: until, Key: r.key}
	if len(r.key) == 0 {
		response.Warnings = warning("No key", fmt.Sprintf("%s has no primary key and no unique key without nulls, so that its changes say which row they are of only by all "+
			"its values: an update is a deletion and an insertion. Add a primary key.", r.source), "table")
	}
	cascades, err := s.unloggedRows(ctx, r)
	if err != nil {
		return nil, err
	}
	response.Warnings = append(response.Warnings, cascades...)
	if len(cursor) == 0 {
		response.Snapshot, response.Rows, response.Bytes = true, r.rows, r.bytes
		response.Position = fmt.Sprintf("all rows of %s, and its changes after that", r.source)
		return response, s.tryFollowing(ctx, now.gtids)
	}
	return response, s.planChanges(ctx, again, recorded, response, now, cursor)
}

// unlogged warns of new columns whose values in rows that were there before no change tells: of those that are not recorded,
// and of those that rows were read without.
func unlogged(r *relation, recorded coltype.Schema, absent []string) sdk.Diagnostics {
	var names []string
	for _, c := range r.columns {
		if _, known := recorded.Lookup(c.name); c.filled && (!known || containsFold(absent, c.name)) {
			names = append(names, c.name)
		}
	}
	if len(names) == 0 || len(recorded) == 0 {
		return nil
	}
	return warning("New column with values that no change tells", fmt.Sprintf("%s has the new column %s, to which the server gave a value in the rows that it had. The binary log "+
		"doesn't tell it: in rows that don't change the column stays null. Begin anew with a snapshot to have it: `etl apply -resnapshot`.", r.source, strings.Join(names, ", ")), "table")
}

func (s *server) planChanges(ctx context.Context, r *relation, recorded coltype.Schema, response *sdk.PlanResponse, now *log, cursor []byte) error {
	var at point
	if diags := decodeCursor(cursor, &at); diags.HasErrors() {
		return diags
	}
	seen, err := binlog.ParseGTIDs(s.maria, at.GTIDs)
	if err != nil {
		return unreadableCursor(err)
	}
	if diags := s.resumable(now, seen); diags.HasErrors() {
		return diags
	}
	if err := s.notReset(ctx, now.server, &at); err != nil {
		return err
	}
	found, err := s.peek(ctx, r, coltype.UnifySchema(recorded, response.Columns), recorded.Names(), &at, seen, now)
	if err != nil {
		return err
	}
	if !found.anew {
		response.Warnings = append(response.Warnings, unlogged(r, recorded, append(found.added, at.Absent...))...)
	}
	narrowed, err := s.narrowed(ctx, r, at.Types)
	if err != nil {
		return err
	}
	if response.Warnings = append(response.Warnings, narrowed...); len(narrowed) > 0 && found.left == "" {
		found.left = "to where its columns have other types"
	}
	found.tell(response, r, at.GTIDs)
	return nil
}

// brief keeps a long set of transactions readable: its end is the newest of one server.
func brief(gtids string) string {
	if len(gtids) > 120 {
		return "…" + gtids[len(gtids)-100:]
	}
	return gtids
}

// resumable compares what was read with what the server still has.
func (s *server) resumable(now *log, seen *binlog.GTIDs) sdk.Diagnostics {
	const wayOut = " Begin anew with a snapshot: `etl apply -resnapshot`."
	switch {
	case !seen.Contains(now.purged):
		return problem("Changes are gone from the binary log", fmt.Sprintf("The server at %s has purged transactions that were not read yet (%s were read, and those up to %s "+
			"are purged).%s Keep the log for longer than the time between two runs: binlog_expire_logs_seconds.", s.options.connection.host, brief(seen.String()),
			brief(now.purged.String()), wayOut))
	case !now.gtids.Contains(seen):
		return s.anotherHistory(fmt.Sprintf("it doesn't know transactions that were read from it: %s were read, and it has %s", brief(seen.String()), brief(now.gtids.String())))
	}
	return nil
}

func (s *server) anotherHistory(why string) sdk.Diagnostics {
	return problem("The server's history is another one", fmt.Sprintf("The server at %s has not the history that was read from it: %s. It was restored from a backup, its log was reset, "+
		"or it is another server. Begin anew with a snapshot: `etl apply -resnapshot`.", s.options.connection.host, why))
}

// endpoint is how the log is opened: as the connections are.
func (s *server) endpoint(ctx context.Context) (binlog.Server, error) {
	config := s.options.connection.config
	server := binlog.Server{Address: config.Addr, User: config.User, Password: config.Passwd, Maria: s.maria, ID: s.options.serverID}
	var name, cipher string
	if err := s.db.QueryRowContext(ctx, "SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher); err != nil {
		return server, err
	}
	if cipher != "" {
		server.TLS = config.TLS
	}
	return server, nil
}

// explainLog says what an error of the log's stream means. Others it leaves alone.
func (s *server) explainLog(err error) error {
	var said *gomysql.MyError
	var queried *mysqldriver.MySQLError
	var statement *binlog.Error
	var rewritten *binlog.Rewritten
	var taken *binlog.Taken
	o := s.options
	if errors.As(err, &queried) && queried.Number == errPrivilegeNeeded {
		err = &gomysql.MyError{Code: queried.Number, Message: queried.Message}
	}
	switch {
	case errors.As(err, &statement):
		return problem("Change that rows don't tell", fmt.Sprintf("%s. What rows the table has after that the log doesn't say. Begin anew with a snapshot: `etl apply "+
			"-resnapshot`.", plain(statement.Error())), "table")
	case errors.As(err, &taken):
		return problem("Column that is another one", fmt.Sprintf("The name %s is another column's of %s than that whose values were read, since this statement: %s. Rows that don't change "+
			"would keep values of the one before, or none. Begin anew with a snapshot: `etl apply -resnapshot`.", strings.Join(taken.Columns, ", "), s.what(), plain(taken.Statement)), "table")
	case errors.As(err, &rewritten):
		return s.anotherHistory(plain(rewritten.Error()) + " under that name")
	case errors.Is(err, binlog.ErrUnnamed):
		return problem("Changes without names of columns", fmt.Sprintf("%s was changed while the server logged no names of columns. Set binlog_row_metadata to FULL (%s), and begin "+
			"anew with a snapshot: `etl apply -resnapshot`.", s.what(), s.setting("binlog_row_metadata", "FULL")), "table")
	case errors.Is(err, binlog.ErrPartial):
		return problem("Changes without all columns", fmt.Sprintf("%s was changed while the server logged rows in part (%s). Set binlog_row_image to FULL (%s), and begin anew with "+
			"a snapshot: `etl apply -resnapshot`.", s.what(), plain(err.Error()), s.setting("binlog_row_image", "FULL")), "table")
	case !errors.As(err, &said):
		return err
	case said.Code == errDumpFatal:
		return problem("Changes are gone from the binary log", fmt.Sprintf("The server at %s can't go on from where the last read ended: %s. Begin anew with a snapshot: `etl apply "+
			"-resnapshot`.", o.connection.host, plain(said.Message)))
	case said.Code == errPrivilegeNeeded || said.Code == errAccessDenied:
		return problem("Privilege missing", fmt.Sprintf("The user %q may not read the binary log (error %d: %s). A user who may grant lets it: %s.", o.connection.user, said.Code,
			plain(said.Message), s.replicationGrant()), "connection")
	}
	return fmt.Errorf("error %d: %s", said.Code, said.Message)
}

// setting is how a global variable is set for good.
func (s *server) setting(variable, value string) string {
	if s.maria {
		return fmt.Sprintf("SET GLOBAL %s = %s, and %s = %s in the server's configuration", variable, value, variable, value)
	}
	return fmt.Sprintf("SET PERSIST %s = %s", variable, value)
}

func (s *server) replicationGrant() string {
	client := "REPLICATION CLIENT"
	if s.maria {
		client = "BINLOG MONITOR"
	}
	return fmt.Sprintf("GRANT REPLICATION SLAVE, %s ON *.* TO '%s'@'%%'", client, s.options.connection.user)
}

// retriable reports whether a new stream may do better.
func retriable(err error) bool {
	var said *gomysql.MyError
	if errors.As(err, &said) {
		switch said.Code {
		case errShutdown, errAborted, errKilled, errInterrupted, errTooManyConnections:
			return true
		}
		return false
	}
	var network net.Error
	return errors.Is(err, gomysql.ErrBadConn) || errors.As(err, &network) || disconnected(err)
}

func decodeDelta(extract cty.Value) (uint32, sdk.Diagnostics) {
	id := attribute.Number(extract, "server_id", 0)
	if id < 0 || id >= 1<<32 {
		return 0, problem("Invalid number of a replica", "The server_id is a number from 1 to 4294967295 that no other replica has.", "extract", "server_id")
	}
	return uint32(id), nil
}
