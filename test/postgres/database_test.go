package postgres

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/outputtest"
	"github.com/automic-etl/etl/providers/postgres"
)

// address is where a server is found.
type address struct {
	host  string
	port  int64
	admin string // the DSN of its administrator
	certs string // the folder of its certificates
}

func newAddress(env map[string]string) (address, error) {
	u, err := url.Parse(env["ETL_TEST_POSTGRES_DSN"])
	if err != nil {
		return address{}, err
	}
	port, err := strconv.ParseInt(u.Port(), 10, 64)
	return address{u.Hostname(), port, env["ETL_TEST_POSTGRES_ADMIN_DSN"], env["ETL_TEST_POSTGRES_CERTS"]}, err
}

// database is one of a test's own; the role etl owns it.
type database struct {
	address
	name string
	conn *pgconn.PgConn
}

var databases atomic.Int64

func newDatabase(t testing.TB) *database { return databaseAt(t, server) }

func databaseAt(t testing.TB, at address) *database {
	t.Helper()
	d := &database{address: at, name: fmt.Sprintf("test_%d_%d", time.Now().UnixNano(), databases.Add(1))}
	d.asAdmin(t, "postgres", "CREATE DATABASE "+d.name+" OWNER etl")
	d.conn = connect(t, d.dsn("etl"))
	t.Cleanup(func() {
		_ = d.conn.Close(context.Background())
		d.drop(t)
	})
	return d
}

// drop ends what is still connected, in a way that the oldest server knows.
func (d *database) drop(t testing.TB) {
	admin := connect(t, d.admin)
	defer admin.Close(context.Background())
	run := func(sql string) error {
		_, err := admin.Exec(context.Background(), sql).ReadAll()
		return err
	}
	err := run("ALTER DATABASE " + d.name + " ALLOW_CONNECTIONS false")
	for end := time.Now().Add(10 * time.Second); err == nil; time.Sleep(20 * time.Millisecond) {
		if err = run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + d.name + "'"); err != nil {
			break
		}
		if err = run("DROP DATABASE " + d.name); err == nil {
			return
		}
		if time.Now().Before(end) {
			err = nil
		}
	}
	t.Errorf("dropping the database: %v", err)
}

// dsn connects a role of the test server.
func (d *database) dsn(role string) string {
	return fmt.Sprintf("postgres://%s:etl@%s:%d/%s?sslmode=disable", role, d.host, d.port, d.name)
}

func connect(t testing.TB, dsn string) *pgconn.PgConn {
	t.Helper()
	conn, err := pgconn.Connect(context.Background(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func (d *database) asAdmin(t testing.TB, in, sql string) {
	t.Helper()
	u, err := url.Parse(d.admin)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + in
	conn := connect(t, u.String())
	defer conn.Close(context.Background())
	if _, err := conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
}

// exec runs statements.
func (d *database) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if len(args) > 0 {
		sql = fmt.Sprintf(sql, args...)
	}
	if _, err := d.conn.Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%v: %s", err, sql)
	}
}

// connection is a connection block for the database.
func (d *database) connection(values map[string]cty.Value) cty.Value {
	all := postgres.New().Schema().Connection.Empty().AsValueMap()
	all["host"], all["port"], all["database"] = cty.StringVal(d.host), cty.NumberIntVal(d.port), cty.StringVal(d.name)
	all["user"], all["password"] = cty.StringVal("etl"), cty.StringVal("etl")
	for name, value := range values {
		all[name] = value
	}
	return cty.ObjectVal(all)
}

// source is a source block over the database.
func (d *database) source(mode string, attributes map[string]cty.Value) sdk.Config {
	described := postgres.New().Schema()
	values := described.Source.Empty().AsValueMap()
	for name, value := range attributes {
		values[name] = value
	}
	return sdk.Config{
		Address: "source.postgres.x", Dir: filepath.Dir(d.certs), Project: "test", Lakehouse: "lakehouse", Connection: d.connection(nil),
		Source: cty.ObjectVal(values), Mode: mode, Extract: described.Extract[mode].Empty(),
	}
}

func (d *database) table(name string) sdk.Config {
	return d.source("batch", map[string]cty.Value{"table": cty.StringVal(name)})
}

func with(cfg sdk.Config, name string, value cty.Value) sdk.Config {
	values := cfg.Source.AsValueMap()
	values[name] = value
	cfg.Source = cty.ObjectVal(values)
	return cfg
}

// plan plans a source, which must be possible.
func plan(t testing.TB, cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	t.Helper()
	response, diags := postgres.New().Plan(t.Context(), cfg, req)
	if diags.HasErrors() {
		t.Fatalf("planning: %v", diags)
	}
	return response, diags
}

func load(t testing.TB, cfg sdk.Config, staged bool) *outputtest.Recorder {
	t.Helper()
	return outputtest.Load(t, postgres.New(), cfg, staged)
}
