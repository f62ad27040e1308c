package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/automic-etl/etl/plugins/sdk"
)

// server is an open connection pool. Close it.
type server struct {
	db      *sql.DB
	options options
	version string
	maria   bool
}

// session is what every connection says first: times in UTC, no end to what a slow reader may take, and statistics as
// they are now. The comments are read by the one or the other server alone.
const session = "SET SESSION time_zone = '+00:00', sql_mode = REPLACE(@@sql_mode, 'PAD_CHAR_TO_FULL_LENGTH', ''), " +
	"/*!80000 information_schema_stats_expiry = 0, max_execution_time = 0, */ /*M!100000 max_statement_time = 0, */ " +
	"net_write_timeout = 86400, wait_timeout = 86400"

// connector opens connections that are ready for reading.
type connector struct {
	driver.Connector
	timeout time.Duration
}

func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	execer, ok := conn.(driver.ExecerContext)
	if !ok {
		return nil, errors.Join(errors.New("the driver can't run statements"), conn.Close())
	}
	for _, statement := range []string{session, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"} {
		if _, err := execer.ExecContext(ctx, statement, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("preparing the session: %w", err), conn.Close())
		}
	}
	return conn, nil
}

func open(ctx context.Context, o options) (*server, sdk.Diagnostics) {
	s, err := dial(ctx, o)
	if err != nil {
		return nil, s.explain(ctx, err, "connecting")
	}
	return s, nil
}

// dial returns a server for explaining the error as well.
func dial(ctx context.Context, o options) (*server, error) {
	s := &server{options: o}
	inner, err := mysqldriver.NewConnector(o.connection.config)
	if err != nil {
		return s, problem("Unusable connection", "The connection's settings don't fit together, as the driver sees them. Check its dsn and tls.", "connection")
	}
	s.db = sql.OpenDB(connector{inner, o.connection.config.Timeout})
	s.db.SetMaxIdleConns(o.parallelism + 2)
	if err := s.db.QueryRowContext(ctx, "SELECT VERSION()").Scan(&s.version); err != nil {
		return s, errors.Join(err, s.db.Close())
	}
	s.maria = strings.Contains(s.version, "MariaDB")
	return s, nil
}

// redial waits for a server that a plan has just seen and that restarts.
func redial(ctx context.Context, o options) (s *server, diags sdk.Diagnostics) {
	err := awaited(ctx, func() (err error) {
		s, err = dial(ctx, o)
		return err
	})
	if err != nil {
		return nil, s.explain(ctx, err, "connecting")
	}
	return s, nil
}

// awaken waits until the server takes connections again.
func (s *server) awaken(ctx context.Context) error {
	return awaited(ctx, func() error { return s.db.PingContext(ctx) })
}

// awaited tries for as long as a server may take to come back.
func awaited(ctx context.Context, try func() error) error {
	until := time.Now().Add(restart)
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := try()
		if err == nil || !retriable(err) || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// restart is how long a server may take to come back.
const restart = time.Minute

func (s *server) close() sdk.Diagnostics {
	if err := s.db.Close(); err != nil {
		return warning("Connection not closed", fmt.Sprintf("Closing the connections failed: %s.", err))
	}
	return nil
}

// variable is a global variable, or empty where this server has none of the name.
func (s *server) variable(ctx context.Context, name string) (string, error) {
	var ignored, value string
	err := s.db.QueryRowContext(ctx, "SHOW GLOBAL VARIABLES WHERE Variable_name = "+literal(name)).Scan(&ignored, &value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return value, err
}

// try runs a query whose rows don't matter.
func try(ctx context.Context, q querier, query string, args ...any) (err error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
	}
	return rows.Err()
}

// strings lists the first column of a query.
func (s *server) strings(ctx context.Context, query string, args ...any) (out []string, err error) {
	rows, err := s.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
