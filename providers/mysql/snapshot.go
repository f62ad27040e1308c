package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	mysqldriver "github.com/go-sql-driver/mysql"
)

// snapshot is several connections that see the same state of the source.
type snapshot struct {
	conns []*sql.Conn
	at    string // the binlog position, where it was found out
}

const (
	// lockWait is how long writers may be made to wait for a lock that something else holds up.
	lockWait = 5
	// agreeing is how often MariaDB's connections are asked whether they happen to see the same.
	agreeing = 20

	startSnapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT"
)

// snapshot opens up to n connections on one state of the table. Where the server lets it, the table is locked against
// writers for as long as it takes to start the transactions, a few milliseconds; MariaDB says where in the binlog a
// transaction stands, so that connections can be compared instead. Else there is one connection.
func (s *server) snapshot(ctx context.Context, r *relation, n int) (*snapshot, error) {
	if n == 1 {
		return s.alone(ctx)
	}
	locked, err := s.locked(ctx, r, n)
	if err == nil {
		return locked, nil
	}
	if !lockRefused(err) {
		return nil, err
	}
	if s.maria {
		if compared, err := s.compared(ctx, n); err == nil && compared != nil {
			return compared, nil
		}
	}
	return s.alone(ctx)
}

// lockRefused reports whether the lock was denied, or not had in time.
func lockRefused(err error) bool {
	var said *mysqldriver.MySQLError
	if !errors.As(err, &said) {
		return false
	}
	switch said.Number {
	case errDatabaseDenied, errTableDenied, errPrivilegeNeeded, errLockTimeout:
		return true
	}
	return false
}

func (s *server) alone(ctx context.Context) (*snapshot, error) {
	snap := &snapshot{}
	if err := snap.open(ctx, s, 1); err != nil {
		return nil, err
	}
	return snap, nil
}

// open starts a transaction on each of n new connections.
func (snap *snapshot) open(ctx context.Context, s *server, n int) error {
	for range n {
		conn, err := s.db.Conn(ctx)
		if err != nil {
			return errors.Join(err, snap.close())
		}
		snap.conns = append(snap.conns, conn)
		if _, err := conn.ExecContext(ctx, startSnapshot); err != nil {
			return errors.Join(err, snap.close())
		}
	}
	return nil
}

// pin reads a row of the table on each connection, so that none sees its definition change.
func (snap *snapshot) pin(ctx context.Context, r *relation) error {
	for _, conn := range snap.conns {
		if err := try(ctx, conn, "SELECT 1 FROM "+r.from+" LIMIT 1"); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) locked(ctx context.Context, r *relation, n int) (*snapshot, error) {
	snap := &snapshot{}
	err := s.underLock(ctx, r, func() error {
		if err := snap.open(ctx, s, n); err != nil {
			return err
		}
		return snap.pin(ctx, r)
	})
	if err != nil {
		return nil, errors.Join(err, snap.close())
	}
	return snap, nil
}

// underLock holds writers of the table while do runs. Transactions that have written to it have ended by then.
func (s *server) underLock(ctx context.Context, r *relation, do func() error) (err error) {
	lock, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if _, err := lock.ExecContext(ctx, fmt.Sprintf("SET SESSION lock_wait_timeout = %d", lockWait)); err != nil {
		return err
	}
	if _, err := lock.ExecContext(ctx, "LOCK TABLES "+r.from+" READ"); err != nil {
		return err
	}
	defer func() {
		_, unlocked := lock.ExecContext(context.WithoutCancel(ctx), "UNLOCK TABLES")
		err = errors.Join(err, unlocked)
	}()
	return do()
}

// compared starts transactions until all of them stand at the same place of the binlog. It is nil where they never did.
func (s *server) compared(ctx context.Context, n int) (*snapshot, error) {
	for range agreeing {
		snap := &snapshot{}
		if err := snap.open(ctx, s, n); err != nil {
			return nil, err
		}
		at, err := snap.agreed(ctx)
		if err == nil && at != "" {
			snap.at = at
			return snap, nil
		}
		if err := errors.Join(err, snap.close()); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// agreed is the place of the binlog at which all connections stand, or empty.
func (snap *snapshot) agreed(ctx context.Context) (string, error) {
	common := ""
	for i, conn := range snap.conns {
		at, err := standing(ctx, conn)
		if err != nil || at == "" || i > 0 && at != common {
			return "", err
		}
		common = at
	}
	return common, nil
}

// standing is where in the binlog MariaDB's snapshot of this connection is: file and offset.
func standing(ctx context.Context, conn *sql.Conn) (_ string, err error) {
	rows, err := conn.QueryContext(ctx, "SHOW STATUS LIKE 'binlog\\_snapshot\\_%'")
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	at := map[string]string{}
	for rows.Next() {
		var variable, value string
		if err := rows.Scan(&variable, &value); err != nil {
			return "", err
		}
		at[variable] = value
	}
	if at["Binlog_snapshot_file"] == "" {
		return "", rows.Err()
	}
	return at["Binlog_snapshot_file"] + ":" + at["Binlog_snapshot_position"], rows.Err()
}

// close ends the transactions by closing their connections to the pool, which rolls back nothing: nothing was written.
func (snap *snapshot) close() error {
	var errs []error
	for _, conn := range snap.conns {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil && !disconnected(err) {
			errs = append(errs, err)
		}
		errs = append(errs, ignoreDone(conn.Close()))
	}
	snap.conns = nil
	return errors.Join(errs...)
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
