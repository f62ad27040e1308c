package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Conn is a connection to the server. One goroutine uses it at a time.
type Conn struct {
	pg      *pgconn.PgConn
	version int
}

// Open connects. While the server starts, or has no connection left, it tries again for as long as a connection may
// take; any other refusal is final.
func Open(ctx context.Context, s Settings) (*Conn, error) { return open(ctx, s, nil) }

// OpenReplication connects for the commands of replication. It has no transactions that could hold the settings of how
// values are spelled.
func OpenReplication(ctx context.Context, s Settings) (*Conn, error) {
	return open(ctx, s, map[string]string{
		"replication": "database",
		"options":     "-c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=3 -c bytea_output=hex -c timezone=UTC",
	})
}

func open(ctx context.Context, s Settings, params map[string]string) (*Conn, error) {
	config, err := s.config()
	if err != nil {
		return nil, err
	}
	for name, value := range params {
		config.RuntimeParams[name] = value
	}
	for end := time.Now().Add(s.Timeout); ; {
		pg, err := pgconn.ConnectConfig(ctx, config)
		if err == nil {
			return newConn(pg), nil
		}
		if !passing(err) || time.Now().After(end) || !Sleep(ctx, 250*time.Millisecond) {
			return nil, err
		}
	}
}

// passing reports whether a refusal may pass by itself.
func passing(err error) bool {
	switch Code(err) {
	case cannotConnectNow, tooManyConnections:
		return true
	}
	return false
}

func newConn(pg *pgconn.PgConn) *Conn {
	c := &Conn{pg: pg}
	version := pg.ParameterStatus("server_version")
	for i, r := range version {
		if r < '0' || r > '9' {
			version = version[:i]
			break
		}
	}
	c.version, _ = strconv.Atoi(version)
	return c
}

// Sleep waits, and reports whether the whole time went by.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// Version is the server's major version: 15.
func (c *Conn) Version() int { return c.version }

// PID is the number of the server's process that serves the connection.
func (c *Conn) PID() uint32 { return c.pg.PID() }

// Unchecked reports whether the server sends texts in no known encoding.
func (c *Conn) Unchecked() bool { return c.pg.ParameterStatus("server_encoding") == "SQL_ASCII" }

// watchedVersion is the first server that can look after its client while it works.
const watchedVersion = 14

// Watched has the server give up, within seconds, what it does for a client that died. Older servers go on with it.
func (c *Conn) Watched(ctx context.Context) error {
	if c.version < watchedVersion {
		return nil
	}
	err := c.Exec(ctx, "SET client_connection_check_interval = '2s'")
	if Code(err) == invalidParameter {
		return nil // the server's system can't tell
	}
	return err
}

// Close ends the connection. A server that doesn't answer any more is not waited for.
func (c *Conn) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_ = c.pg.Close(ctx)
}

// Exec runs statements that return nothing.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.pg.Exec(ctx, sql).ReadAll()
	return err
}

// Rows runs a query whose values are wanted as text; null is nil.
func (c *Conn) Rows(ctx context.Context, sql string, args ...any) ([][][]byte, error) {
	values := make([][]byte, len(args))
	for i, arg := range args {
		if arg != nil {
			values[i] = fmt.Append(nil, arg)
		}
	}
	result := c.pg.ExecParams(ctx, sql, values, nil, nil, nil).Read()
	return result.Rows, result.Err
}

// Simple runs a query by the simple protocol, the only one that replication connections have.
func (c *Conn) Simple(ctx context.Context, sql string) ([][][]byte, error) {
	results, err := c.pg.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, nil
	}
	return results[len(results)-1].Rows, nil
}

// Value runs a query of one value.
func (c *Conn) Value(ctx context.Context, sql string, args ...any) (string, error) {
	rows, err := c.Rows(ctx, sql, args...)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 || len(rows[0]) != 1 {
		return "", errors.New("the server answered a question for one value with something else")
	}
	return string(rows[0][0]), nil
}

// JSON runs a query that returns one JSON value, and reports whether it was not null.
func (c *Conn) JSON(ctx context.Context, into any, sql string, args ...any) (bool, error) {
	rows, err := c.Rows(ctx, sql, args...)
	if err != nil {
		return false, err
	}
	if len(rows) == 0 || len(rows[0]) == 0 || rows[0][0] == nil {
		return false, nil
	}
	if err := json.Unmarshal(rows[0][0], into); err != nil {
		return false, fmt.Errorf("reading what the server says of itself: %w", err)
	}
	return true, nil
}

// Field is a column of a query's result.
type Field struct {
	Name   string
	Type   uint32
	Typmod int32
}

// Describe asks what a query returns, without running it.
func (c *Conn) Describe(ctx context.Context, sql string) ([]Field, error) {
	description, err := c.pg.Prepare(ctx, "", sql, nil)
	if err != nil {
		return nil, err
	}
	fields := make([]Field, len(description.Fields))
	for i, f := range description.Fields {
		fields[i] = Field{Name: f.Name, Type: f.DataTypeOID, Typmod: f.TypeModifier}
	}
	return fields, nil
}
