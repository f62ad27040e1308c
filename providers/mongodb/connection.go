package mongodb

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/attribute"
)

// patience is how long to look for a server before giving up.
const patience = 10 * time.Second

// connection is the decoded connection block.
type connection struct {
	uri        string
	hosts      []string
	replicaSet string
	user       string
	password   string
	authSource string
	tls        bool
	ca         string
	cert       string
	database   string
	secrets    []string // what no message may repeat
}

func decodeConnection(cfg sdk.Config) (connection, sdk.Diagnostics) {
	v := cfg.Connection
	c := connection{
		uri:        attribute.Text(v, "uri", ""),
		hosts:      attribute.Texts(v, "hosts", nil),
		replicaSet: attribute.Text(v, "replica_set", ""),
		user:       attribute.Text(v, "user", ""),
		password:   attribute.Text(v, "password", ""),
		authSource: attribute.Text(v, "auth_source", ""),
		tls:        attribute.Flag(v, "tls", false),
		ca:         file(cfg.Dir, attribute.Text(v, "tls_ca", "")),
		cert:       file(cfg.Dir, attribute.Text(v, "tls_cert", "")),
		database:   attribute.Text(v, "database", ""),
	}
	if c.uri == "" && len(c.hosts) == 0 && v != cty.NilVal && !v.IsNull() && v.IsWhollyKnown() {
		return c, sdk.Diagnostics{sdk.Error("Missing server", "The connection says neither uri nor hosts. Write hosts = [\"localhost:27017\"], or "+
			"uri = env(\"MONGODB_URI\").", "connection")}
	}
	if v == cty.NilVal || v.IsNull() {
		return c, sdk.Diagnostics{sdk.Error("Missing connection", "A source of MongoDB needs a connection. Declare one, "+
			"connection \"mongodb\" \"main\" { hosts = [\"localhost:27017\"] }, and refer to it: connection = connection.mongodb.main.", "connection")}
	}
	return c, c.check()
}

func file(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (c *connection) check() sdk.Diagnostics {
	var diags sdk.Diagnostics
	wrong := func(summary, detail string) { diags = append(diags, sdk.Error(summary, detail, "connection")) }
	if c.uri != "" && len(c.hosts) > 0 {
		wrong("Two servers", "The connection has both uri and hosts. Keep one of them.")
	}
	if c.password != "" && c.user == "" && c.uri == "" {
		wrong("Password without a user", "The connection has a password and no user. Add user.")
	}
	if (c.ca != "" || c.cert != "") && !c.tls && c.uri == "" {
		wrong("Certificates without TLS", "The connection names certificates, and is not encrypted. Add tls = true.")
	}
	for _, host := range c.hosts {
		if _, _, err := net.SplitHostPort(withPort(host)); err != nil || host == "" || strings.Contains(host, "/") {
			wrong("Invalid host", fmt.Sprintf("%q is no host. Write the name alone, or with its port: \"db.example.com:27017\".", host))
		}
	}
	if c.uri != "" && !valid(c.uri) { // the driver's error would quote what may be secret
		wrong("Invalid connection string", "The connection's uri is no connection string of MongoDB such as "+
			"mongodb://user:password@host:27017/database. Characters such as : / ? # [ ] @ % in the user and the password must be written "+
			"percent-encoded; or write user and password as attributes of their own, where they need no encoding.")
	}
	c.adopt()
	if c.password != "" {
		c.secrets = append(c.secrets, c.password)
	}
	return diags
}

// valid leaves the check of a string that names a DNS record to the connecting: it would need the network.
func valid(uri string) bool {
	return strings.HasPrefix(uri, "mongodb+srv://") || options.Client().ApplyURI(uri).Validate() == nil
}

// adopt takes over what the connection string says, and remembers what of it is secret.
func (c *connection) adopt() {
	if c.uri == "" {
		return
	}
	c.secrets = append(c.secrets, c.uri)
	if c.database == "" {
		c.database = databaseOf(c.uri)
	}
	_, login, _ := strings.Cut(c.uri[:max(strings.LastIndex(c.uri, "@"), 0)], "://")
	if _, password, ok := strings.Cut(login, ":"); ok && password != "" {
		c.secrets = append(c.secrets, password)
		if plain, err := url.PathUnescape(password); err == nil && plain != password {
			c.secrets = append(c.secrets, plain)
		}
	}
}

// databaseOf is the path of a connection string.
func databaseOf(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	rest, _, _ = strings.Cut(rest, "?")
	if at := strings.LastIndex(rest, "@"); at >= 0 {
		rest = rest[at+1:]
	}
	_, database, _ := strings.Cut(rest, "/")
	return database
}

func withPort(host string) string {
	if _, _, err := net.SplitHostPort(host); err != nil {
		return net.JoinHostPort(host, "27017")
	}
	return host
}

// options are the driver's.
func (c *connection) options(pool int) (*options.ClientOptions, sdk.Diagnostics) {
	opts := options.Client()
	if c.uri != "" {
		opts.ApplyURI(c.uri)
	} else {
		opts.SetHosts(c.hosts)
	}
	if c.replicaSet != "" {
		opts.SetReplicaSet(c.replicaSet)
	}
	opts.SetAppName("etl").SetMaxPoolSize(uint64(pool))
	if opts.ServerSelectionTimeout == nil {
		opts.SetServerSelectionTimeout(patience)
	}
	if opts.ConnectTimeout == nil {
		opts.SetConnectTimeout(patience)
	}
	c.login(opts)
	return opts, c.encrypt(opts)
}

func (c *connection) login(opts *options.ClientOptions) {
	if c.user == "" && c.password == "" && c.authSource == "" {
		return
	}
	var login options.Credential
	if opts.Auth != nil {
		login = *opts.Auth
	}
	if c.user != "" {
		login.Username = c.user
	}
	if c.password != "" {
		login.Password, login.PasswordSet = c.password, true
	}
	if c.authSource != "" {
		login.AuthSource = c.authSource
	}
	if login.Username != "" {
		opts.SetAuth(login)
	}
}

func (c *connection) encrypt(opts *options.ClientOptions) sdk.Diagnostics {
	if !c.tls && c.ca == "" && c.cert == "" {
		return nil
	}
	cfg := opts.TLSConfig
	if cfg == nil {
		cfg = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if c.ca != "" {
		text, err := os.ReadFile(c.ca)
		pool := x509.NewCertPool()
		if err != nil || !pool.AppendCertsFromPEM(text) {
			return badFile("tls_ca", c.ca, "certificates", err)
		}
		cfg.RootCAs = pool
	}
	if c.cert != "" {
		pair, err := clientCertificate(c.cert)
		if err != nil {
			return badFile("tls_cert", c.cert, "a certificate together with its private key", err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	opts.SetTLSConfig(cfg)
	return nil
}

func badFile(attribute, path, what string, err error) sdk.Diagnostics {
	detail := fmt.Sprintf("The file %s, which the connection names as %s, does not hold %s in PEM.", path, attribute, what)
	if err != nil {
		detail = fmt.Sprintf("The file %s, which the connection names as %s, can't be used: %s.", path, attribute, err)
	}
	return sdk.Diagnostics{sdk.Error("Unusable certificate", detail, "connection")}
}

// clientCertificate reads certificates and a key from one file, in any order.
func clientCertificate(path string) (tls.Certificate, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tls.Certificate{}, err
	}
	var certs, key []byte
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			key = append(key, pem.EncodeToMemory(block)...)
		} else {
			certs = append(certs, pem.EncodeToMemory(block)...)
		}
	}
	return tls.X509KeyPair(certs, key)
}

// scrubbed is text without the connection's secrets.
func (c *connection) scrubbed(text string) string {
	for _, secret := range c.secrets {
		text = strings.ReplaceAll(text, secret, "(sensitive)")
	}
	return text
}
