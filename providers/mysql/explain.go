package mysql

import (
	"context"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Numbers of the server's errors.
const (
	errHostBlocked        = 1129
	errHostNotPrivileged  = 1130
	errTooManyConnections = 1040
	errDatabaseDenied     = 1044
	errAccessDenied       = 1045
	errNoDatabase         = 1046
	errUnknownDatabase    = 1049
	errShutdown           = 1053
	errUnknownColumn      = 1054
	errDuplicateColumn    = 1060
	errSyntax             = 1064
	errTableDenied        = 1142
	errColumnDenied       = 1143
	errNoSuchTable        = 1146
	errAborted            = 1152
	errUserConnections    = 1203
	errLockTimeout        = 1205
	errUserLimit          = 1226
	errPrivilegeNeeded    = 1227
	errDumpFatal          = 1236
	errInterrupted        = 1317
	errViewInvalid        = 1356
	errTableChanged       = 1412
	errPasswordExpired    = 1820
	errMustChangePassword = 1862
	errKilled             = 1927
	errTLSRequired        = 3159
	errAccountLocked      = 3118
)

// explain says what an error means for the user: which attribute, and what to do. It quotes neither dsn nor password,
// and the server's own words only where they hold neither.
func (s *server) explain(ctx context.Context, err error, doing string) sdk.Diagnostics {
	var already sdk.Diagnostics
	var said *mysqldriver.MySQLError
	switch {
	case errors.As(err, &already):
		return already
	case ctx.Err() != nil:
		return problem("Interrupted", fmt.Sprintf("It was interrupted while %s.", doing))
	case errors.As(err, &said):
		return s.explainServer(ctx, said, doing)
	}
	return s.explainNetwork(err, doing)
}

func (s *server) explainServer(ctx context.Context, said *mysqldriver.MySQLError, doing string) sdk.Diagnostics {
	c := s.options.connection
	switch said.Number {
	case errAccessDenied, errPasswordExpired, errMustChangePassword, errAccountLocked:
		return problem("Login refused", fmt.Sprintf("The server at %s refuses the user %q (error %d). Check the connection's user and password; the "+
			"account may be locked, its password expired, or it may need TLS (tls = \"required\") or a client certificate (tls_cert, tls_key).",
			c.host, c.user, said.Number), "connection")
	case errHostNotPrivileged, errHostBlocked:
		return problem("Host refused", fmt.Sprintf("The server at %s takes no connections from this host (error %d). Create a user for it, as in "+
			"CREATE USER '%s'@'%%' …; a host blocked after failures is freed by mysqladmin flush-hosts.", c.host, said.Number, c.user), "connection")
	case errTLSRequired:
		return problem("Encryption required", fmt.Sprintf("The server at %s takes encrypted connections only. Write tls = \"required\" in the connection, or "+
			"better \"verify_full\" with tls_ca.", c.host), "connection")
	case errUnknownDatabase:
		return problem("Unknown database", s.databaseMissing(ctx, c.database), "connection")
	case errDatabaseDenied:
		return problem("Database not allowed", fmt.Sprintf("The user %q may not use the database: %s. A user who may grant lets it in: GRANT SELECT ON %s.* TO "+
			"'%s'@'%%'.", c.user, plain(said.Message), quote(s.database()), c.user), "connection")
	case errNoDatabase:
		return problem("Database missing", "Neither the connection nor the table's name says a database. Write database = \"shop\" in the connection, or "+
			"table = \"shop.orders\".", s.relation())
	case errTooManyConnections, errUserConnections, errUserLimit:
		return problem("Too many connections", fmt.Sprintf("The server at %s takes no more connections (error %d: %s). Lower the source's parallelism, or raise "+
			"max_connections or the user's limit.", c.host, said.Number, plain(said.Message)), "parallelism")
	}
	return s.explainStatement(ctx, said, doing)
}

func (s *server) explainStatement(ctx context.Context, said *mysqldriver.MySQLError, doing string) sdk.Diagnostics {
	o := s.options
	switch said.Number {
	case errNoSuchTable:
		return problem("Unknown table", s.tableMissing(ctx, said.Message), s.relation())
	case errTableDenied, errColumnDenied, errPrivilegeNeeded:
		return problem("Privilege missing", fmt.Sprintf("The user %q lacks a privilege for %s: %s. A user who may grant gives it: GRANT SELECT ON %s TO '%s'@'%%'.",
			o.connection.user, doing, plain(said.Message), s.grantee(), o.connection.user), s.relation())
	case errUnknownColumn, errSyntax, errDuplicateColumn:
		return problem("The server refuses the statement", fmt.Sprintf("While %s, the server said: %s. Correct the %s.", doing, plain(said.Message), s.sqlAttribute()),
			s.sqlAttribute())
	case errViewInvalid:
		return problem("Broken view", fmt.Sprintf("The view can't be read: %s. Repair it, or let its definer see its tables.", plain(said.Message)), s.relation())
	case errTableChanged:
		return problem("Table changed while it was read", "The table was altered after the read began, and the server gives up the snapshot for that. Run it again.", s.relation())
	case errShutdown, errAborted, errKilled, errInterrupted:
		return problem("Connection ended by the server", fmt.Sprintf("The server ended the connection while %s: %s. Run it again.", doing, plain(said.Message)), "connection")
	}
	return problem("The server reports an error", fmt.Sprintf("While %s, the server said: %s (error %d).", doing, plain(said.Message), said.Number), s.relation())
}

func (s *server) explainNetwork(err error, doing string) sdk.Diagnostics {
	host := s.options.connection.host
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return problem("Unknown host", fmt.Sprintf("The name of the server, %s, is not known (%s). Check the connection's host.", host, dns.Err), "connection")
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, os.ErrNotExist):
		return problem("Nothing answers", fmt.Sprintf("At %s no server takes connections. Check the connection's host and port, and that the server runs.", host), "connection")
	case errors.Is(err, mysqldriver.ErrNoTLS):
		return problem("Encryption not offered", fmt.Sprintf("The server at %s offers no encryption, and the connection's tls asks for it. Enable TLS on the server, or "+
			"write tls = \"preferred\".", host), "connection")
	case errors.As(err, &timeout) && timeout.Timeout():
		return problem("The server doesn't answer", fmt.Sprintf("The server at %s did not answer in time. Check the connection's host and port, and whether a firewall "+
			"lets this machine through; if the server is only slow, raise connect_timeout.", host), "connection")
	case disconnected(err):
		return problem("Connection lost", fmt.Sprintf("The connection to the server at %s was lost while %s. Run it again; if the server asks for TLS, write "+
			"tls = \"required\".", host, doing), "connection")
	}
	if why := certificateProblem(err); why != "" {
		return problem("Certificate not trusted", fmt.Sprintf("The certificate of the server at %s is not accepted: %s.", host, why), "connection")
	}
	return problem("The server can't be used", fmt.Sprintf("It failed while %s: %s.", doing, plain(err.Error())), "connection")
}

// disconnected reports whether a new connection may do better.
func disconnected(err error) bool {
	var said *mysqldriver.MySQLError
	if errors.As(err, &said) {
		switch said.Number {
		case errShutdown, errAborted, errKilled, errInterrupted, errTooManyConnections:
			return true
		}
		return false
	}
	var network *net.OpError
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysqldriver.ErrInvalidConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.EOF) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network)
}

func certificateProblem(err error) string {
	var unknown x509.UnknownAuthorityError
	var hostname x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &unknown):
		return "nobody whom this machine trusts has signed it. Name the authority in the connection's tls_ca"
	case errors.As(err, &hostname):
		return "it is for another name. Write the host as the certificate has it, or tls = \"verify_ca\""
	case errors.As(err, &invalid):
		return plain(invalid.Error())
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return plain(err.Error())
	}
	return ""
}

// plain keeps a message of others from ending twice.
func plain(message string) string { return strings.TrimRight(strings.TrimSpace(message), ".") }

func (s *server) relation() string {
	if s.options.query != "" {
		return "query"
	}
	return "table"
}

// sqlAttribute is the attribute in which the user wrote SQL.
func (s *server) sqlAttribute() string {
	if s.options.where != "" {
		return "where"
	}
	return s.relation()
}

func (s *server) database() string {
	if s.options.table.database != "" {
		return s.options.table.database
	}
	return s.options.connection.database
}

func (s *server) grantee() string {
	if s.options.query != "" {
		return quote(s.database()) + ".*"
	}
	return name{s.database(), s.options.table.table}.sql()
}

func (s *server) databaseMissing(ctx context.Context, missing string) string {
	detail := fmt.Sprintf("The server at %s has no database %q.", s.options.connection.host, missing)
	config := s.options.connection.config.Clone()
	config.DBName = ""
	inner, err := mysqldriver.NewConnector(config)
	if err != nil {
		return detail
	}
	other := &server{db: sql.OpenDB(inner)}
	defer other.close()
	there, err := other.strings(ctx, "SHOW DATABASES")
	if err != nil {
		return detail
	}
	return detail + suggestion(missing, there) + " Correct the connection's database."
}

// missingTable takes apart: Table 'shop.ordes' doesn't exist.
var missingTable = regexp.MustCompile(`Table '(.*)' doesn't exist`)

func (s *server) tableMissing(ctx context.Context, message string) string {
	missing := name{s.database(), s.options.table.table}
	if found := missingTable.FindStringSubmatch(message); s.options.query != "" && found != nil {
		missing.database, missing.table, _ = strings.Cut(found[1], ".")
	}
	detail := fmt.Sprintf("There is no table %s, or the user may not see it.", missing)
	there, err := s.strings(ctx, "SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name", missing.database)
	if err != nil {
		return detail
	}
	return detail + suggestion(missing.table, there)
}
