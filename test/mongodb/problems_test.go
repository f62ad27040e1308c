package mongodb

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

const canary = "c4n4ry-S3cret"

// TestProblems has connections and blocks that are wrong: each is diagnosed, and none of the messages has the password.
func TestProblems(t *testing.T) {
	db := newDatabase(t)
	insert(t, db.Collection("orders"), bson.D{{Key: "_id", Value: 1}, {Key: "updated_at", Value: time.Now()}})
	refusing := func(commands string, reply bson.D) *proxy {
		return newProxy(t, nil, func(command string, _ bson.Raw) bson.D {
			if strings.Contains(commands, command) {
				return reply
			}
			return nil
		})
	}
	login := refusing("saslStart", refusal(18, "AuthenticationFailed", "Authentication failed."))
	blind := refusing("listCollections find aggregate count", refusal(13, "Unauthorized", "not authorized on "+db.Name()+" to execute command"))
	own := newProxy(t, certified(t, "127.0.0.1"), nil)
	other := newProxy(t, certified(t, "db.example.com"), nil)
	dir := t.TempDir()
	trusted := write(t, dir, "own.pem", own.tls.Certificates[0])
	trustedOther := write(t, dir, "other.pem", other.tls.Certificates[0])
	text := cty.StringVal
	for name, test := range map[string]struct {
		connection, source values
		mode               string
		want               []string
	}{
		"no connection string":  {connection: values{"uri": text("localhost:" + canary + "@x")}, want: []string{"Invalid connection string", "percent-encoded"}},
		"a colon in a password": {connection: values{"uri": text("mongodb://u:a/" + canary + "@localhost")}, want: []string{"Invalid connection string"}},
		"nothing listens":       {connection: values{"uri": text("mongodb://u:" + canary + "@127.0.0.1:1/?directConnection=true")}, want: []string{"Server not reached", "127.0.0.1:1"}},
		"unknown host":          {connection: values{"uri": cty.NullVal(cty.String), "hosts": list("no-such-host.invalid")}, want: []string{"Server not reached", "no-such-host.invalid"}},
		"no host":               {connection: values{"uri": cty.NullVal(cty.String), "hosts": list("a/b")}, want: []string{"Invalid host", `"a/b"`}},
		"neither":               {connection: values{"uri": cty.NullVal(cty.String)}, want: []string{"Missing server", "hosts = "}},
		"both":                  {connection: values{"hosts": list("a")}, want: []string{"Two servers"}},
		"wrong password": {connection: values{"uri": text(login.uri()), "user": text("reader"), "password": text(canary)},
			want: []string{"Login refused", "Authentication failed", "auth_source"}},
		"wrong password in the string": {connection: values{"uri": text("mongodb://reader:" + canary + "@" + login.host() + "/?directConnection=true")},
			want: []string{"Login refused"}},
		"a password for nobody": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list("a"), "password": text(canary)}, want: []string{"Password without a user"}},
		"no privilege":          {connection: values{"uri": text(blind.uri())}, want: []string{"Missing privilege", "grantRolesToUser", `role: "read"`}},
		"TLS that the server lacks": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list(address(uri)), "tls": cty.True},
			want: []string{"tls"}},
		"TLS that the server wants": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list(own.host())}, want: []string{"Server not reached", "tls, which must be true"}},
		"an unknown authority": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list(own.host()), "tls": cty.True},
			want: []string{"TLS failed", "tls_ca"}},
		"another's certificate": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list(other.host()), "tls": cty.True, "tls_ca": text(trustedOther)},
			want: []string{"TLS failed", "the host's name"}},
		"no certificates":        {connection: values{"tls": cty.True, "tls_ca": text("missing.pem")}, want: []string{"Unusable certificate", "missing.pem"}},
		"a certificate, no key":  {connection: values{"tls": cty.True, "tls_cert": text(trusted)}, want: []string{"Unusable certificate", "tls_cert"}},
		"certificates for what?": {connection: values{"uri": cty.NullVal(cty.String), "hosts": list("a"), "tls_ca": text(trusted)}, want: []string{"Certificates without TLS"}},
		"no database":            {connection: values{"database": cty.NullVal(cty.String)}, want: []string{"Missing database"}},
		"a misspelt database":    {connection: values{"database": text(db.Name() + "x")}, want: []string{"Unknown database", "Did you mean", db.Name()}},
		"a misspelt collection":  {source: values{"collection": text("order")}, want: []string{"Unknown collection", `Did you mean "orders"?`}},
		"another collection":     {source: values{"collection": text("entirely_else")}, want: []string{"Unknown collection", "It has orders."}},
		"no filter":              {source: values{"filter": text("{status:")}, want: []string{"Invalid filter"}},
		"an unknown type":        {source: values{"types": cty.MapVal(values{"a": text("strin")})}, want: []string{"Invalid column type"}},
		"a negative sample":      {source: values{"sample": cty.NumberIntVal(-1)}, want: []string{"Invalid sample"}},
		"no parallelism":         {source: values{"parallelism": cty.NumberIntVal(0)}, want: []string{"Invalid parallelism"}},
		"a misspelt cursor":      {mode: "incremental", source: values{"cursor": text("updatd_at")}, want: []string{"Unknown cursor", `Did you mean "updated_at"?`}},
		"no lookback":            {mode: "incremental", source: values{"cursor": text("updated_at"), "lookback": text("soon")}, want: []string{"Invalid lookback"}},
		"a cursor that isn't read": {mode: "incremental", source: values{"cursor": text("updated_at"), "columns": list("a")},
			want: []string{"Cursor not among the columns"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mode := test.mode
			if mode == "" {
				mode = "batch"
			}
			cfg := config(db, "orders", mode, test.source)
			cfg.Dir = dir
			described := mongodb.New().Schema()
			cfg.Connection = filled(*described.Connection, values{"uri": text(uri), "database": text(db.Name())}, test.connection)
			if collection, ok := test.source["collection"]; ok {
				cfg.Source = filled(described.Source, test.source, values{"collection": collection})
			}
			_, diags := mongodb.New().Plan(context.Background(), cfg, sdk.PlanRequest{})
			said := diags.Error()
			for _, want := range test.want {
				if !strings.Contains(said, want) {
					t.Errorf("%q is missing in:\n%s", want, said)
				}
			}
			if !diags.HasErrors() || strings.Contains(said, canary) || strings.Contains(said, "panic") {
				t.Errorf("diagnostics: %s", said)
			}
			if check := mongodb.New().Check(context.Background(), cfg); len(test.connection) > 0 && !check.HasErrors() || strings.Contains(check.Error(), canary) {
				t.Errorf("check: %v", check)
			}
		})
	}
	t.Run("TLS that is right", func(t *testing.T) {
		cfg := config(db, "orders", "batch", nil)
		cfg.Dir = dir
		cfg.Connection = filled(*mongodb.New().Schema().Connection, values{
			"hosts": list(own.host()), "tls": cty.True, "tls_ca": text(trusted), "database": text(db.Name()),
		})
		if got := outputtest.Load(t, mongodb.New(), cfg, true); len(got.Rows) != 1 {
			t.Errorf("%d rows", len(got.Rows))
		}
	})
}

func list(texts ...string) cty.Value {
	var out []cty.Value
	for _, text := range texts {
		out = append(out, cty.StringVal(text))
	}
	return cty.ListVal(out)
}

// certified is a server whose certificate is its own authority.
func certified(t *testing.T, name string) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func write(t *testing.T, dir, name string, cert tls.Certificate) string {
	t.Helper()
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]})
	if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}
