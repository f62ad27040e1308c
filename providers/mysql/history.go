package mysql

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/automic-etl/etl/providers/mysql/binlog"
)

// unfindable is the error of a server that has no more what it was asked to begin after.
func unfindable(err error) bool {
	var said *gomysql.MyError
	return errors.As(err, &said) && said.Code == errDumpFatal
}

// logFiles are the names of the log's files, the oldest first.
func (s *server) logFiles(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return nil, err
	}
	return firstTexts(rows)
}

// oldest are the transactions before MariaDB's oldest file.
func (s *server) oldest(ctx context.Context) (string, error) {
	files, err := s.logFiles(ctx)
	if err != nil || len(files) == 0 {
		return "", err
	}
	found, err := s.strings(ctx, "SELECT COALESCE(BINLOG_GTID_POS(?, 4), '')", files[0])
	return strings.Join(found, ""), err
}

// newestFile is the name of the file that the server writes its log to; empty where the user may not know it.
func (s *server) newestFile(ctx context.Context) (string, error) {
	files, err := s.logFiles(ctx)
	var said *mysqldriver.MySQLError
	if errors.As(err, &said) && said.Number == errPrivilegeNeeded || len(files) == 0 {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return files[len(files)-1], nil
}

// notReset compares the log's files: their numbers grow until the log is reset.
func (s *server) notReset(ctx context.Context, server string, at *point) error {
	file := at.File
	if file == "" && at.Last != nil {
		file = at.Last.File
	}
	if file == "" || server != at.Server {
		return nil
	}
	newest, err := s.newestFile(ctx)
	if err != nil {
		return err
	}
	before, n := numbered(file)
	now, m := numbered(newest)
	if now == before && m < n {
		return s.anotherHistory(fmt.Sprintf("the file %s of its log was there, and its newest is %s", file, newest))
	}
	return nil
}

// numbered takes a file's name apart.
func numbered(file string) (base string, n uint64) {
	extension := path.Ext(file)
	n, _ = strconv.ParseUint(strings.TrimPrefix(extension, "."), 10, 64) // 0 of what has none
	return strings.TrimSuffix(file, extension), n
}

// remembering is how long it may take to learn by which transaction a place in the log is known again.
const remembering = 10 * time.Second

// remember asks for the newest transaction before a place in the log of which none was read. It is nil where the server
// doesn't tell it: the log is read on without.
func (s *server) remember(ctx context.Context, at point, seen *binlog.GTIDs) (*binlog.Mark, error) {
	name, domain := at.Server, uint64(0)
	if s.maria {
		text, err := s.variable(ctx, "gtid_domain_id")
		if err != nil {
			return nil, err
		}
		if domain, err = strconv.ParseUint(text, 10, 32); err != nil {
			return nil, fmt.Errorf("reading the server's gtid_domain_id: %w", err)
		}
	}
	nobody := func(uint64) (binlog.Decoder, bool, error) { return nil, false, nil }
	follower := binlog.NewFollower("", "", seen, nobody, binlog.Handler{Committed: func() error { return nil }})
	follower.Expect(seen.Newest(name, uint32(domain)), false)
	ctx, cancel := context.WithTimeout(ctx, remembering)
	defer cancel()
	err := s.look(ctx, follower, seen)
	return follower.Last, err
}
