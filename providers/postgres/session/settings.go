// Package session talks to a PostgreSQL server: connections, short queries, snapshots that several connections share,
// and COPY.
package session

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Settings are a connection block. Nothing of it may be printed but host, port, database and user.
type Settings struct {
	Dir      string // relative paths are relative to it
	DSN      string
	Host     string
	Port     int64
	Database string // with a DSN: in place of the one in it
	User     string
	Password string
	// Files and mode of TLS, as libpq names them.
	SSLMode, SSLRootCert, SSLCert, SSLKey string
	Timeout                               time.Duration
	Application                           string
}

// ErrDSN is a DSN that can't be read. What it holds is a secret, so nothing more is said of it.
var ErrDSN = errors.New("the DSN can't be read")

// config is what the driver connects with.
func (s Settings) config() (*pgconn.Config, error) {
	text, err := s.text()
	if err != nil {
		return nil, err
	}
	config, err := pgconn.ParseConfig(text)
	if err != nil {
		return nil, s.parseError(err)
	}
	if s.DSN != "" && s.Database != "" {
		config.Database = s.Database
	}
	config.ConnectTimeout = s.Timeout
	config.RuntimeParams = map[string]string{"application_name": s.Application, "client_encoding": "UTF8"}
	return config, nil
}

// parseError keeps of the driver's error what can't hold a secret: what was wrong with a file.
func (s Settings) parseError(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		text := inner.Error()
		for _, about := range []string{"unable to read", "unable to load", "unable to add", "failed to decode sslkey", "sslmode is invalid", "both \"sslcert\""} {
			if strings.HasPrefix(text, about) {
				return &FileError{Reason: text}
			}
		}
	}
	return ErrDSN
}

// FileError is a TLS setting that can't be used.
type FileError struct{ Reason string }

func (e *FileError) Error() string { return e.Reason }

// text is the connection string: the DSN with the settings of TLS added, or all settings.
func (s Settings) text() (string, error) {
	tls := map[string]string{"sslmode": s.SSLMode, "sslrootcert": s.path(s.SSLRootCert), "sslcert": s.path(s.SSLCert), "sslkey": s.path(s.SSLKey)}
	if s.DSN == "" {
		port := ""
		if s.Port > 0 {
			port = strconv.FormatInt(s.Port, 10)
		}
		return keywords("", map[string]string{
			"host": s.Host, "port": port, "database": s.Database, "user": s.User, "password": s.Password,
		}, tls), nil
	}
	if !strings.HasPrefix(s.DSN, "postgres://") && !strings.HasPrefix(s.DSN, "postgresql://") {
		return keywords(s.DSN, tls), nil
	}
	u, err := url.Parse(s.DSN)
	if err != nil {
		return "", ErrDSN
	}
	query := u.Query()
	for key, value := range tls {
		if value != "" {
			query.Set(key, value)
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

func (s Settings) path(path string) string {
	if path == "" || path == "system" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(s.Dir, path)
}

// keywords writes settings as key='value'. Later ones win.
func keywords(text string, settings ...map[string]string) string {
	var b strings.Builder
	b.WriteString(text)
	for _, group := range settings {
		for _, key := range []string{"host", "port", "database", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey"} {
			if value := group[key]; value != "" {
				fmt.Fprintf(&b, " %s='%s'", key, strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value))
			}
		}
	}
	return b.String()
}

// Target names what is connected to, without secrets: database shop on db.internal:5432 as etl.
func (s Settings) Target() Target {
	config, err := s.config()
	if err != nil {
		return Target{Host: s.Host, Port: uint16(s.Port), Database: s.Database, User: s.User}
	}
	return Target{Host: config.Host, Port: config.Port, Database: config.Database, User: config.User}
}

// Target is where a connection goes.
type Target struct {
	Host           string
	Port           uint16
	Database, User string
}

// Server is host and port in words.
func (t Target) Server() string { return fmt.Sprintf("%s:%d", t.Host, t.Port) }

// Name is the database's name; without one the server takes the user's.
func (t Target) Name() string {
	if t.Database == "" {
		return t.User
	}
	return t.Database
}
