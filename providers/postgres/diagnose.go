package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/naming"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// diagnoseConnect says why there is no connection, and which attribute to mend. It never tells a password.
func (o options) diagnoseConnect(ctx context.Context, err error) sdk.Diagnostics {
	if ctx.Err() != nil {
		return sdk.Errorf("Interrupted", "Connecting to the server was interrupted.")
	}
	target := o.settings.Target()
	about := func(name, summary, detail string, args ...any) sdk.Diagnostics {
		d := sdk.Error(summary, fmt.Sprintf(detail, args...), "connection", o.attribute(name))
		return sdk.Diagnostics{d}
	}
	var file *session.FileError
	switch {
	case errors.Is(err, session.ErrDSN):
		return about("dsn", "Invalid connection string", "The dsn can't be read. Write it as \"postgres://user:password@host:5432/database\", where characters of the "+
			"password that have a meaning in URLs are written as %%XX, or as \"host=… dbname=… user=…\".")
	case errors.As(err, &file):
		return about(fileAttribute(file.Reason), "Unusable TLS setting", "The TLS settings of the connection can't be used: %s. Correct %s.",
			file.Reason, fileAttribute(file.Reason))
	}
	if diags := o.refused(ctx, err, target, about); diags != nil {
		return diags
	}
	if diags := tlsFailed(err, target, about); diags != nil {
		return diags
	}
	return unreachable(err, target, about)
}

// attribute is where something of the connection is written: in the dsn, where there is one.
func (o options) attribute(name string) string {
	if o.settings.DSN != "" && !strings.HasPrefix(name, "ssl") && name != "connect_timeout" {
		return "dsn"
	}
	return name
}

func fileAttribute(reason string) string {
	switch {
	case strings.Contains(reason, "CA"):
		return "sslrootcert"
	case strings.Contains(reason, "sslkey"):
		return "sslkey"
	case strings.Contains(reason, "sslmode"):
		return "sslmode"
	}
	return "sslcert"
}

type aboutFunc func(name, summary, detail string, args ...any) sdk.Diagnostics

// refused words what the server itself answered.
func (o options) refused(ctx context.Context, err error, to session.Target, about aboutFunc) sdk.Diagnostics {
	said := session.Message(err)
	switch session.Code(err) {
	case "":
		return nil
	case session.CodeInvalidPassword:
		return about("password", "Wrong password", "The server %s refuses the password of the role %q. Correct the connection's %s; if it comes from a variable or a secret, look "+
			"there.", to.Server(), to.User, o.attribute("password"))
	case session.CodeUnknownDatabase:
		return about("database", "Unknown database", "The server %s has no database %q.%s", to.Server(), to.Name(), o.nearDatabase(ctx, to.Name()))
	case session.CodeInvalidAuthorization:
		return o.notAdmitted(said, to, about)
	case session.CodeNoPrivilege:
		return about("database", "Missing privilege", "The role %q may not connect to the database %q: %s. Have its owner run:\n  GRANT CONNECT ON DATABASE %s TO %s;",
			to.User, to.Name(), said, session.Ident(to.Name()), session.Ident(to.User))
	case session.CodeTooManyConnections:
		return about("host", "Too many connections", "The server %s has no connection left: %s. Try again later, lower the sources' parallelism, or raise max_connections.", to.Server(), said)
	}
	return about("host", "Connection refused", "The server %s refuses the connection: %s.", to.Server(), said)
}

// notAdmitted tells apart what the server calls an invalid authorization.
func (o options) notAdmitted(said string, to session.Target, about aboutFunc) sdk.Diagnostics {
	switch {
	case strings.Contains(said, "no encryption") || strings.Contains(said, "SSL off"):
		return about("sslmode", "TLS required", "The server %s admits the role %q with TLS only: %s. Set sslmode = \"verify-full\", and sslrootcert to the file of its certificate "+
			"authority; if the connection is to have none, pg_hba.conf must say so.", to.Server(), to.User, said)
	case strings.Contains(said, "does not exist"):
		return about("user", "Unknown role", "The server %s has no role %q. Correct the connection's %s, or create the role.", to.Server(), to.User, o.attribute("user"))
	case strings.Contains(said, "certificate"):
		return about("sslcert", "Client certificate required", "The server %s admits the role %q by a client certificate only: %s. Set sslcert and sslkey to the files of a certificate "+
			"that is made out to the role.", to.Server(), to.User, said)
	case strings.Contains(said, "not permitted to log in"):
		return about("user", "Role without login", "The role %q may not log in. Run: ALTER ROLE %s LOGIN;", to.User, session.Ident(to.User))
	}
	return about("host", "Not admitted", "The server %s doesn't admit this connection: %s. It needs a line for the database %q, the role %q and this host's address in pg_hba.conf.",
		to.Server(), said, to.Name(), to.User)
}

// nearDatabase looks for what was meant, over the database that every server has.
func (o options) nearDatabase(ctx context.Context, name string) string {
	s := o.settings
	s.Database = "postgres"
	c, err := session.Open(ctx, s)
	if err != nil {
		return " Correct the connection's database."
	}
	defer c.Close()
	rows, err := c.Rows(ctx, "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn ORDER BY datname")
	if err != nil {
		return " Correct the connection's database."
	}
	var names []string
	for _, row := range rows {
		names = append(names, string(row[0]))
	}
	if near := naming.Nearest(name, names); near != "" {
		return fmt.Sprintf(" Did you mean %q?", near)
	}
	return fmt.Sprintf(" It has %s.", strings.Join(names, ", "))
}

// tlsFailed words what keeps both sides from agreeing on TLS.
func tlsFailed(err error, to session.Target, about aboutFunc) sdk.Diagnostics {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	switch {
	case errors.As(err, &unknown):
		return about("sslrootcert", "Untrusted server", "The certificate of the server %s is signed by an authority that the connection doesn't trust. Set sslrootcert to the "+
			"file of the authority that signed it.", to.Server())
	case errors.As(err, &name):
		return about("host", "Certificate of another server", "The certificate of the server %s is made out to another name: %s. Connect by the name in the certificate, or, if only the "+
			"authority counts, set sslmode = \"verify-ca\".", to.Server(), name.Error())
	case errors.As(err, &invalid):
		return about("sslrootcert", "Invalid certificate", "The certificate of the server %s is not valid: %s.", to.Server(), invalid.Error())
	case errors.As(err, &alert) || strings.Contains(err.Error(), "tls: "):
		return about("sslcert", "TLS refused", "The server %s ended the TLS handshake: %s. It may want a client certificate that it trusts: set sslcert and sslkey.",
			to.Server(), tlsReason(err))
	case strings.Contains(err.Error(), "server refused TLS connection"):
		return about("sslmode", "Server without TLS", "The server %s has no TLS, and the connection's sslmode asks for it. Turn TLS on at the server (ssl = on), or, on a network that is "+
			"yours alone, set sslmode = \"disable\".", to.Server())
	}
	return nil
}

func tlsReason(err error) string {
	_, reason, found := strings.Cut(err.Error(), "tls: ")
	if !found {
		return "no reason given"
	}
	reason, _, _ = strings.Cut(reason, "\n")
	return reason
}

// unreachable words what the network answered.
func unreachable(err error, to session.Target, about aboutFunc) sdk.Diagnostics {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return about("host", "Unknown host", "No address is known for the host %q. Correct the connection's host, or see to it that this machine can look the name up.", to.Host)
	case errors.Is(err, syscall.ECONNREFUSED):
		return about("host", "Connection refused", "Nothing answers at %s. Correct the connection's host and port, or start the server there; it must listen on that address "+
			"(listen_addresses).", to.Server())
	case errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded):
		return about("connect_timeout", "Server doesn't answer", "The server %s did not answer in time. A firewall may be between, or the host be wrong; if it is only slow, raise "+
			"connect_timeout.", to.Server())
	case errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH):
		return about("host", "Unreachable host", "There is no way to the host %q from this machine.", to.Host)
	case errors.Is(err, syscall.ENOENT):
		return about("host", "No such socket", "There is no unix socket for port %d in the folder %q.", to.Port, to.Host)
	}
	return about("host", "No connection", "What answers at %s doesn't speak PostgreSQL's protocol, or ended the connection. Correct the connection's host and port.", to.Server())
}
