package postgres

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres"
)

// canary is the password in these tests: it must be in no message.
const canary = "canary-7f3a"

func text(s string) cty.Value { return cty.StringVal(s) }

// mistake is a connection or a source that can't work, and what is said of it.
type mistake struct {
	name       string
	connection map[string]cty.Value
	source     map[string]cty.Value
	summary    string
	path       string
	says       []string
}

func mistakes(d *database, closed, silent int64, certs string) []mistake {
	null := cty.NullVal(cty.String)
	dsn := func(s string) map[string]cty.Value {
		return map[string]cty.Value{"dsn": text(s), "host": null, "port": cty.NullVal(cty.Number), "database": null, "user": null, "password": null}
	}
	file := func(name string) cty.Value { return text(filepath.Join(filepath.Base(certs), name)) } // relative to the project
	return []mistake{
		{"unknown host", map[string]cty.Value{"host": text("no-such-host.invalid")}, nil, "Unknown host", "connection.host", []string{"no-such-host.invalid"}},
		{"closed port", map[string]cty.Value{"port": cty.NumberIntVal(closed)}, nil, "Connection refused", "connection.host", []string{"Nothing answers at 127.0.0.1"}},
		{"silent server", map[string]cty.Value{"port": cty.NumberIntVal(silent), "connect_timeout": text("300ms")}, nil, "Server doesn't answer", "connection.connect_timeout", []string{"did not answer in time"}},
		{"wrong password", map[string]cty.Value{"password": text(canary)}, nil, "Wrong password", "connection.password", []string{`role "etl"`, "connection's password"}},
		{"wrong password in the dsn", dsn(fmt.Sprintf("postgres://etl:%s@%s:%d/%s", canary, d.host, d.port, d.name)), nil, "Wrong password", "connection.dsn", []string{"connection's dsn"}},
		{"broken dsn", dsn("postgres://etl:" + canary + "@%zz/x"), nil, "Invalid connection string", "connection.dsn", []string{"postgres://user:password@host"}},
		{"dsn with a word", dsn("host=127.0.0.1 password=" + canary + " nonsense"), nil, "Invalid connection string", "connection.dsn", nil},
		{"unknown role", map[string]cty.Value{"user": text("nobody_here")}, nil, "Wrong password", "connection.password", []string{`role "nobody_here"`}},
		{"unknown database", map[string]cty.Value{"database": text("pstgres")}, nil, "Unknown database", "connection.database", []string{`Did you mean "postgres"?`}},
		{"unknown database in the dsn", dsn(fmt.Sprintf("postgres://etl:etl@%s:%d/templat1", d.host, d.port)), nil, "Unknown database", "connection.dsn", []string{`Did you mean "template1"?`}},
		{"TLS wanted by the server", map[string]cty.Value{"user": text("tls_only"), "sslmode": text("disable")}, nil, "TLS required", "connection.sslmode", []string{`sslmode = "verify-full"`}},
		{"authority not known", map[string]cty.Value{"sslmode": text("verify-full"), "sslrootcert": file("stranger.crt")}, nil, "Untrusted server", "connection.sslrootcert", nil},
		{"no such file", map[string]cty.Value{"sslmode": text("verify-full"), "sslrootcert": file("nothing.crt")}, nil, "Unusable TLS setting", "connection.sslrootcert", []string{"nothing.crt"}},
		{"half a certificate", map[string]cty.Value{"sslcert": file("certified.crt")}, nil, "Half of a client certificate", "connection.sslcert", []string{"sslkey"}},
		{"no client certificate", map[string]cty.Value{"user": text("certified"), "sslmode": text("require")}, nil, "Client certificate required", "connection.sslcert", nil},
		{"certificate of a stranger", map[string]cty.Value{"user": text("certified"), "sslmode": text("require"), "sslcert": file("stranger.crt"), "sslkey": file("stranger.key")}, nil, "Client certificate required", "connection.sslcert", []string{"made out to the role"}},
		{"no server", map[string]cty.Value{"host": null}, nil, "Missing server", "connection.host", nil},
		{"dsn and host", map[string]cty.Value{"dsn": text("postgres://x")}, nil, "Two ways to connect", "connection.host", nil},
		{"bad timeout", map[string]cty.Value{"connect_timeout": text("soon")}, nil, "Invalid duration", "connect_timeout", []string{"30s"}},

		{"unknown table", nil, map[string]cty.Value{"table": text("public.ordrs")}, "Unknown table", "table", []string{`Did you mean "public.orders"?`}},
		{"unknown table without schema", nil, map[string]cty.Value{"table": text("ordrs")}, "Unknown table", "table", []string{`Did you mean "public.orders"?`}},
		{"unknown schema", nil, map[string]cty.Value{"table": text("publc.orders")}, "Unknown table", "table", []string{`no schema "publc"`, `Did you mean "public.orders"?`}},
		{"quoted name of another case", nil, map[string]cty.Value{"table": text(`public."ORDERS"`)}, "Unknown table", "table", []string{`"ORDERS"`, `"public.orders"`}},
		{"three parts", nil, map[string]cty.Value{"table": text("a.b.c")}, "Invalid table name", "table", []string{"public.orders"}},
		{"no name", nil, map[string]cty.Value{"table": text(`a."b`)}, "Invalid table name", "table", nil},
		{"neither", nil, map[string]cty.Value{"table": null}, "Nothing to read", "", nil},
		{"both", nil, map[string]cty.Value{"query": text("SELECT 1")}, "Table and query", "query", nil},
		{"no privilege", map[string]cty.Value{"user": text("reader")}, nil, "Missing privilege", "table", []string{`GRANT SELECT ON "public"."orders" TO "reader";`}},
		{"no privilege on the schema", map[string]cty.Value{"user": text("reader")}, map[string]cty.Value{"table": text("hidden.t")}, "Missing privilege", "table", []string{`GRANT USAGE ON SCHEMA "hidden" TO "reader";`}},
		{"no privilege on a column", map[string]cty.Value{"user": text("reader")}, map[string]cty.Value{"table": text("part"), "columns": cty.ListVal([]cty.Value{text("open"), text("secret")})}, "Missing privilege", "table", []string{`GRANT SELECT ("secret") ON "public"."part" TO "reader";`}},
		{"no privilege in a query", map[string]cty.Value{"user": text("reader")}, map[string]cty.Value{"table": null, "query": text("SELECT * FROM orders")}, "Missing privilege", "query", []string{"permission denied for table orders"}},
		{"unknown column", nil, map[string]cty.Value{"columns": cty.ListVal([]cty.Value{text("idd")})}, "Unknown column", "columns", []string{`Did you mean "id"?`}},
		{"column twice", nil, map[string]cty.Value{"columns": cty.ListVal([]cty.Value{text("id"), text("id")})}, "Column named twice", "columns", nil},
		{"type of no column", nil, map[string]cty.Value{"types": cty.MapVal(map[string]cty.Value{"nte": text("string")})}, "Unknown column", "types.nte", []string{`Did you mean "note"?`}},
		{"type of no value", nil, map[string]cty.Value{"table": null, "query": text("SELECT 1::money AS m, now()::timestamp AS at"), "types": cty.MapVal(map[string]cty.Value{"m": text("decimal(10, 2)"), "at": text("timestamptz")})}, "Type of no value", "types.m", []string{`No value of the column "m" of query can be read as decimal(10, 2)`, "read as string"}},
		{"mistake in the condition", nil, map[string]cty.Value{"where": text("idd > 1")}, "Mistake in the condition", "where", []string{"idd", "does not exist"}},
		{"no condition", nil, map[string]cty.Value{"where": text("id >")}, "Mistake in the condition", "where", []string{"syntax error"}},
		{"mistake in the query", nil, map[string]cty.Value{"table": null, "query": text("SELECT FRM orders")}, "Mistake in the query", "query", nil},
		{"statement that changes", nil, map[string]cty.Value{"table": null, "query": text("DELETE FROM orders RETURNING id")}, "Mistake in the query", "query", nil},
		{"two queries", nil, map[string]cty.Value{"table": null, "query": text("SELECT 1 AS a; SELECT 2 AS a")}, "Mistake in the query", "query", []string{"one SELECT: remove the semicolon"}},
		{"a remark after the query", nil, map[string]cty.Value{"table": null, "query": text("SELECT 1 AS a; -- one")}, "Mistake in the query", "query", []string{"remove the semicolon"}},
		{"a query out of its parentheses", nil, map[string]cty.Value{"table": null, "query": text("SELECT 1 AS a) AS b, (SELECT 2 AS c")}, "Mistake in the query", "query", []string{"syntax error"}},
		{"a condition out of its parentheses", nil, map[string]cty.Value{"where": text("id = 1) or (true")}, "Mistake in the condition", "where", []string{"syntax error"}},
		{"a condition and more", nil, map[string]cty.Value{"where": text("id = 1 ORDER BY id")}, "Mistake in the condition", "where", []string{"syntax error"}},
		{"a condition of a query", nil, map[string]cty.Value{"table": null, "query": text("SELECT 1 AS a"), "where": text("a = 1) or (true")}, "Mistake in the condition", "where", []string{"syntax error"}},
		{"columns without names", nil, map[string]cty.Value{"table": null, "query": text("SELECT id, id FROM orders")}, "Columns without names of their own", "query", []string{`"id"`}},
		{"reserved name", nil, map[string]cty.Value{"table": text("reserved")}, "Reserved column name", "table", []string{"_etl_row"}},
		{"names that differ by case", nil, map[string]cty.Value{"table": text("cases")}, "Column names differ only by case", "table", []string{`"A" and "a"`}},
		{"no columns", nil, map[string]cty.Value{"table": text("nothing")}, "No columns", "table", nil},
		{"parallelism", nil, map[string]cty.Value{"parallelism": cty.NumberIntVal(1000)}, "Invalid parallelism", "parallelism", nil},
	}
}

// TestMistakes checks what is said of each: the attribute, what is wrong, and how to mend it; never a password.
func TestMistakes(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE orders (id int PRIMARY KEY, note text); CREATE SCHEMA hidden; CREATE TABLE hidden.t (a int);
		CREATE TABLE reserved (_etl_row int); CREATE TABLE cases ("A" int, a int); CREATE TABLE nothing ();
		CREATE TABLE part (open int, secret int); GRANT SELECT (open) ON part TO reader`)
	closed, silent := ports(t)
	for _, m := range mistakes(d, closed, silent, d.certs) {
		t.Run(m.name, func(t *testing.T) {
			cfg := d.table("public.orders")
			for name, value := range m.source {
				cfg = with(cfg, name, value)
			}
			cfg.Connection = d.connection(m.connection)
			_, diags := postgres.New().Plan(t.Context(), cfg, sdk.PlanRequest{})
			said := diags.Error()
			if len(diags) == 0 || diags[0].Summary != m.summary || strings.Join(diags[0].Path, ".") != m.path {
				t.Fatalf("said at %q: %s", diags, said)
			}
			for _, words := range m.says {
				if !strings.Contains(said, words) {
					t.Errorf("%q is missing in: %s", words, said)
				}
			}
			if strings.Contains(said, canary) || strings.Contains(said, "SQLSTATE") {
				t.Errorf("it tells too much: %s", said)
			}
			if checked := postgres.New().Check(t.Context(), cfg); !checked.HasErrors() {
				t.Errorf("a check finds nothing wrong")
			}
		})
	}
}

// ports are one where nobody listens, and one where somebody listens and never answers.
func ports(t *testing.T) (closed, silent int64) {
	t.Helper()
	for _, port := range []*int64{&closed, &silent} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		*port = int64(listener.Addr().(*net.TCPAddr).Port)
		if port == &closed {
			_ = listener.Close()
			continue
		}
		t.Cleanup(func() { _ = listener.Close() })
	}
	return closed, silent
}

// TestWaysToConnect reads over each kind of connection that works.
func TestWaysToConnect(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE few AS SELECT 1 AS a; GRANT SELECT ON few TO certified, tls_only")
	certs := filepath.Base(d.certs)
	file := func(name string) cty.Value { return text(filepath.Join(certs, name)) }
	null := cty.NullVal(cty.String)
	noneBut := func(dsn string) map[string]cty.Value {
		return map[string]cty.Value{"dsn": text(dsn), "host": null, "port": cty.NullVal(cty.Number), "database": null, "user": null, "password": null}
	}
	inURL := noneBut(d.dsn("etl"))
	withTLS := noneBut(fmt.Sprintf("postgres://tls_only:etl@%s:%d/%s", d.host, d.port, d.name))
	withTLS["sslmode"], withTLS["sslrootcert"] = text("verify-full"), file("ca.crt")
	for name, connection := range map[string]map[string]cty.Value{
		"plain": {"sslmode": text("disable")},
		"a certificate of the client": {
			"user": text("certified"), "password": null, "sslmode": text("verify-full"), "sslrootcert": file("ca.crt"),
			"sslcert": file("certified.crt"), "sslkey": file("certified.key"), "host": text("localhost"),
		},
		"TLS":          {"user": text("tls_only")},
		"URL":          inURL,
		"URL with TLS": withTLS,
		"words":        noneBut(fmt.Sprintf(`host=%s port=%d dbname=%s user=etl password='etl'`, d.host, d.port, d.name)),
	} {
		cfg := d.table("few")
		cfg.Connection = d.connection(connection)
		if got := load(t, cfg, false); len(got.Rows) != 1 {
			t.Errorf("%s: read %d rows", name, len(got.Rows))
		}
	}
}
