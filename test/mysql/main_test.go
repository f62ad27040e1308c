// Package mysql_test runs the provider against real servers of MySQL and MariaDB, which it starts itself.
package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	driver "github.com/go-sql-driver/mysql"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
	etl "github.com/automic-etl/etl/test/crash/lab"
	"github.com/automic-etl/etl/test/services"
)

func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(providers.BuiltIn())
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := etl.Main(m, root, &binary)
	for _, s := range shared.started {
		if err := s.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// flavors are the servers that every test is run on.
var flavors = []string{"mysql", "mariadb"}

// shared are the servers that tests share which don't break them.
var shared struct {
	sync.Mutex
	env     map[string]map[string]string
	started []*services.Server
}

// env is what a script says of its server. A server that runs already is used where the environment names it.
func env(t testing.TB, flavor string) map[string]string {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if found := shared.env[flavor]; found != nil {
		return found
	}
	if shared.env == nil {
		shared.env = map[string]map[string]string{}
	}
	prefix := "ETL_TEST_" + strings.ToUpper(flavor)
	if dsn := os.Getenv(prefix + "_DSN"); dsn != "" {
		shared.env[flavor] = map[string]string{prefix + "_DSN": dsn, prefix + "_CERTS": os.Getenv(prefix + "_CERTS")}
		return shared.env[flavor]
	}
	s, err := services.Start(flavor)
	if err != nil {
		t.Fatal(err)
	}
	shared.started = append(shared.started, s)
	shared.env[flavor] = s.Env
	return s.Env
}

// lab is a database of a test's own on a server.
type lab struct {
	t        testing.TB
	flavor   string
	config   *driver.Config
	db       *sql.DB
	database string
}

// each runs a test on both servers.
func each(t *testing.T, run func(t *testing.T, l *lab)) {
	for _, flavor := range flavors {
		t.Run(flavor, func(t *testing.T) {
			run(t, newLab(t, flavor, env(t, flavor)["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"]))
		})
	}
}

func newLab(t testing.TB, flavor, dsn string) *lab {
	t.Helper()
	config, err := driver.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if err := driver.SetLogger(log.New(io.Discard, "", 0)); err != nil { // a test that ends connections knows
		t.Fatal(err)
	}
	l := &lab{t: t, flavor: flavor, config: config, database: "t_" + strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(t.Name()))}
	if len(l.database) > 60 {
		l.database = l.database[:60]
	}
	admin, err := sql.Open("mysql", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	for _, statement := range []string{"DROP DATABASE IF EXISTS ", "CREATE DATABASE "} {
		if _, err := admin.Exec(statement + "`" + l.database + "`"); err != nil {
			t.Fatal(err)
		}
	}
	config.DBName = l.database
	if l.db, err = sql.Open("mysql", config.FormatDSN()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.retry(func() error { // connections of before a restart are found dead one by one
			_, err := l.db.Exec("DROP DATABASE IF EXISTS `" + l.database + "`")
			return err
		})
		l.db.Close()
	})
	return l
}

// exec runs statements in the test's database.
func (l *lab) exec(statements ...string) {
	l.t.Helper()
	for _, statement := range statements {
		if _, err := l.db.Exec(statement); err != nil {
			l.t.Fatalf("%.300s: %v", statement, err)
		}
	}
}

// connection is a connection block.
func (l *lab) connection(change map[string]cty.Value) cty.Value {
	host, port, _ := strings.Cut(l.config.Addr, ":")
	values := block(providers.BuiltIn()["mysql"].Schema().Connection.ImpliedType(), map[string]cty.Value{
		"host": cty.StringVal(host), "port": cty.MustParseNumberVal(port), "database": cty.StringVal(l.database),
		"user": cty.StringVal(l.config.User), "password": cty.StringVal(l.config.Passwd),
	})
	for name, value := range change {
		values[name] = value
	}
	return cty.ObjectVal(values)
}

// source is a source block with its connection.
func (l *lab) source(attributes map[string]cty.Value) sdk.Config {
	described := providers.BuiltIn()["mysql"].Schema()
	values := described.Source.Empty().AsValueMap()
	for name, value := range attributes {
		values[name] = value
	}
	return sdk.Config{Address: "source.mysql.test", Project: "tests", Dir: l.t.TempDir(), Connection: l.connection(nil), Source: cty.ObjectVal(values), Mode: "batch"}
}

func block(t cty.Type, values map[string]cty.Value) map[string]cty.Value {
	all := map[string]cty.Value{}
	for name, typ := range t.AttributeTypes() {
		all[name] = cty.NullVal(typ)
	}
	for name, value := range values {
		all[name] = value
	}
	return all
}

func table(name string) map[string]cty.Value {
	return map[string]cty.Value{"table": cty.StringVal(name)}
}

// load reads everything in both ways.
func (l *lab) load(cfg sdk.Config, staged bool) *outputtest.Recorder {
	l.t.Helper()
	return outputtest.Load(l.t, providers.BuiltIn()["mysql"], cfg, staged)
}

// plan plans a first read.
func plan(cfg sdk.Config) (*sdk.PlanResponse, sdk.Diagnostics) {
	return providers.BuiltIn()["mysql"].Plan(context.Background(), cfg, sdk.PlanRequest{})
}

// discover lists what a connection offers.
func discover(cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	return providers.BuiltIn()["mysql"].Discover(context.Background(), cfg)
}
