package mysql

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
)

// connection is where and how to log in.
type connection struct {
	host, database, user string
	config               *driver.Config
	byDSN                bool
}

// defaultTimeout ends the attempt to reach a server that doesn't answer.
const defaultTimeout = "10s"

func decodeConnection(block cty.Value, dir string) (connection, sdk.Diagnostics) {
	if !known(block) {
		return connection{}, nil
	}
	c := connection{byDSN: text(block, "dsn") != ""}
	diags := c.endpoint(block)
	if diags.HasErrors() {
		return c, diags
	}
	c.host, c.database, c.user = c.config.Addr, c.config.DBName, c.config.User
	c.harden()
	diags = append(diags, c.patience(block)...)
	return c, append(diags, c.configureTLS(block, dir)...)
}

// patience is how long connecting may take; the driver itself would wait for ever for what a server says first.
func (c *connection) patience(block cty.Value) sdk.Diagnostics {
	written := text(block, "connect_timeout")
	if written == "" && c.config.Timeout > 0 {
		return nil
	}
	if written == "" {
		written = defaultTimeout
	}
	timeout, err := time.ParseDuration(written)
	if err != nil || timeout <= 0 {
		return problem("Invalid duration", fmt.Sprintf("The connection's connect_timeout %q is no length of time. Write it with a unit, as in \"30s\" or \"5m\".", written),
			"connection.connect_timeout")
	}
	c.config.Timeout = timeout
	return nil
}

func (c *connection) endpoint(block cty.Value) sdk.Diagnostics {
	if c.byDSN {
		for _, name := range []string{"host", "port", "database", "user", "password"} {
			if attribute.Given(attribute.Of(block, name)) {
				return problem("Connection given twice", fmt.Sprintf("The connection has a dsn and %s. Write one or the other.", name), "connection")
			}
		}
		return c.parseDSN(text(block, "dsn"))
	}
	host := text(block, "host")
	if host == "" {
		return problem("Server missing", "The connection says neither a host nor a dsn. Write host = \"db.example.com\", or dsn = env(\"SHOP_DSN\").", "connection")
	}
	port := attribute.Number(block, "port", 3306)
	if port < 1 || port > 65535 {
		return problem("Invalid port", "The connection's port must be from 1 to 65535.", "connection")
	}
	c.config = driver.NewConfig()
	c.config.Net, c.config.Addr = "tcp", net.JoinHostPort(host, strconv.FormatInt(port, 10))
	if filepath.IsAbs(host) {
		c.config.Net, c.config.Addr = "unix", host
	}
	c.config.User, c.config.Passwd, c.config.DBName = text(block, "user"), text(block, "password"), text(block, "database")
	return nil
}

// parseDSN never quotes the text, which may hold a password.
func (c *connection) parseDSN(dsn string) sdk.Diagnostics {
	unreadable := problem("Unreadable dsn", "The connection's dsn is neither like mysql://user:password@host:3306/database nor like "+
		"user:password@tcp(host:3306)/database. In the first form, odd characters of a password are written as %XX.", "connection")
	for _, scheme := range []string{"mysql://", "mariadb://"} {
		if strings.HasPrefix(dsn, scheme) {
			parsed, err := url.Parse(dsn)
			if err != nil || parsed.Host == "" {
				return unreadable
			}
			c.config = fromURL(parsed)
			return nil
		}
	}
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		return unreadable
	}
	c.config = config
	return nil
}

func fromURL(u *url.URL) *driver.Config {
	config := driver.NewConfig()
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	config.Net, config.Addr, config.DBName = "tcp", net.JoinHostPort(u.Hostname(), port), strings.TrimPrefix(u.Path, "/")
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	return config
}

// harden sets what this provider relies on, whatever a dsn says. A server can't ask for local files.
func (c *connection) harden() {
	c.config.AllowAllFiles, c.config.MultiStatements, c.config.InterpolateParams, c.config.ParseTime = false, false, false, false
	c.config.ColumnsWithAlias, c.config.RejectReadOnly, c.config.ReadTimeout, c.config.Loc = false, false, 0, time.UTC
	c.config.Collation, c.config.Logger = "", silent{}
	c.config.ConnectionAttributes = "program_name:etl"
	_ = c.config.Apply(driver.Charset("utf8mb4", "")) // it fails for no charset
}

// silent drops what the driver logs: each of its errors is returned as well.
type silent struct{}

func (silent) Print(...any) {}

// pemText is PEM that was written, or that the file of this name has.
func pemText(written, dir string) ([]byte, error) {
	if written == "" || strings.Contains(written, "-----BEGIN") {
		return []byte(written), nil
	}
	if !filepath.IsAbs(written) {
		written = filepath.Join(dir, written)
	}
	return os.ReadFile(written)
}
