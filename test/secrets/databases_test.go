package secrets

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	mysql "github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/test/services"
)

// database is a real server with a table "secret_orders", into which a user may log in whose password is the canary.
type database struct {
	provider string
	table    string // the attribute that names it
	whole    string // the attribute that says all in one
	// parts are the attributes of a connection besides the password.
	parts string
	// dsn is all in one, with some password and some port.
	dsn  func(password, port string) string
	port string
}

// login is a name that no other run has.
func login(c canary) string { return "u" + c.core[:16] }

func startDatabase(t *testing.T, name string) map[string]string {
	t.Helper()
	s, err := services.Start(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s.Env
}

func parts(host, port, database, user string) string {
	return fmt.Sprintf("host = %q\n  port = %s\n  database = %q\n  user = %q\n  ", host, port, database, user)
}

func postgres(t *testing.T, c canary) database {
	at, err := url.Parse(startDatabase(t, "postgres")["ETL_TEST_POSTGRES_ADMIN_DSN"])
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgconn.Connect(t.Context(), at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range []string{
		"CREATE ROLE " + login(c) + " LOGIN SUPERUSER PASSWORD '" + strings.ReplaceAll(c.password(), "'", "''") + "'",
		"CREATE TABLE secret_orders AS SELECT i AS id, 'infinity'::date AS day FROM generate_series(1, 3) i",
	} {
		if err := conn.Exec(t.Context(), statement).Close(); err != nil {
			t.Fatal(err)
		}
	}
	return database{
		provider: "postgres", table: "table", whole: "dsn", parts: parts(at.Hostname(), at.Port(), "postgres", login(c)), port: at.Port(),
		dsn: func(password, port string) string {
			u := url.URL{Scheme: "postgres", User: url.UserPassword(login(c), password), Host: net.JoinHostPort(at.Hostname(), port), Path: "/postgres"}
			return u.String()
		},
	}
}

func mariadb(t *testing.T, c canary) database {
	config, err := mysql.ParseDSN(startDatabase(t, "mariadb")["ETL_TEST_MARIADB_DSN"])
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range []string{
		"CREATE USER " + login(c) + "@'%' IDENTIFIED BY '" + strings.NewReplacer(`\`, `\\`, "'", "''").Replace(c.password()) + "'",
		"GRANT ALL ON *.* TO " + login(c) + "@'%'", "CREATE TABLE secret_orders (id int, day date)",
		"INSERT INTO secret_orders VALUES (1, '2024-01-01'), (2, NULL), (3, NULL)",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		t.Fatal(err)
	}
	return database{
		provider: "mysql", table: "table", whole: "dsn", parts: parts(host, port, config.DBName, login(c)), port: port,
		dsn: func(password, port string) string {
			u := url.URL{Scheme: "mysql", User: url.UserPassword(login(c), password), Host: net.JoinHostPort(host, port), Path: "/" + config.DBName}
			return u.String()
		},
	}
}

// mongodb has no users in its stand-in: what is secret of the connection string is another part of it, and where a user is
// named the login is refused.
func mongodb(t *testing.T, c canary) database {
	at := startDatabase(t, "mongodb")["ETL_TEST_MONGODB_URI"]
	client, err := mongo.Connect(options.Client().ApplyURI(at))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.Background()) }()
	if _, err := client.Database("shop").Collection("secret_orders").InsertOne(t.Context(), bson.D{{Key: "_id", Value: 1}}); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return database{
		provider: "mongodb", table: "collection", whole: "uri", port: u.Port(),
		dsn: func(password, port string) string {
			if password == c.password() && port == u.Port() {
				return at + "&appName=" + url.QueryEscape(password) + "&retryWrites=false"
			}
			v := url.URL{Scheme: "mongodb", User: url.UserPassword(login(c), password), Host: net.JoinHostPort(u.Hostname(), port), Path: "/shop", RawQuery: "serverSelectionTimeoutMS=500"}
			return v.String()
		},
	}
}

// given is how a secret gets into a block: the expression.
func (p *project) given(t *testing.T, way, secret string) string {
	t.Helper()
	if way == "environment" {
		p.environ = []string{"SHOP_SECRET=" + secret}
		return `env("SHOP_SECRET")`
	}
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("secret(\"file://%s\")", path)
}

// blocks are a project that reads the database, a file, and a source that waits while the test looks around.
func (d database) blocks(connection string) string {
	return fmt.Sprintf(`connection %[1]q "shop" {
  %[2]s
}
source %[1]q "orders" {
  connection = connection.%[1]s.shop
  %[3]s = "secret_orders"
}
table "bronze" "orders" { from = source.%[1]s.orders }
connection "leaky" "main" { dsn = "nothing" }
source "leaky" "waiting" {
  connection = connection.leaky.main
  leak       = "wait"
}
table "bronze" "waiting" { from = source.leaky.waiting }
source "csv" "other" { path = "other.csv" }
table "bronze" "other" { from = source.csv.other }
`, d.provider, connection, d.table)
}

// TestDatabases looks for the password of a real database in everything that there is while etl plans, reads, fails and
// crashes: what it prints at the level debug, what it writes, and the arguments and environments of all processes.
func TestDatabases(t *testing.T) {
	for name, start := range map[string]func(*testing.T, canary) database{"postgres": postgres, "mysql": mariadb, "mongodb": mongodb} {
		t.Run(name, func(t *testing.T) {
			c := canary{core: strings.ReplaceAll(uuid.NewString(), "-", "")}
			d := start(t, c)
			for _, way := range []string{"environment", "file"} {
				t.Run("all in one of the "+way, func(t *testing.T) {
					d.searched(t, c, way, func(password, port string) (string, string) { return d.whole + " = %s", d.dsn(password, port) })
				})
				if d.parts == "" {
					continue
				}
				t.Run("password of the "+way, func(t *testing.T) {
					d.searched(t, c, way, func(password, port string) (string, string) {
						return strings.Replace(d.parts, "port = "+d.port, "port = "+port, 1) + "password = %s", password
					})
				})
			}
		})
	}
}

// searched does all that etl can with the connection.
func (d database) searched(t *testing.T, c canary, way string, connection func(password, port string) (block, secret string)) {
	p := &project{canary: c, dir: t.TempDir(), temp: t.TempDir()}
	p.write(t, "other.csv", "id\n1\n")
	connect := func(password, port string) {
		block, secret := connection(password, port)
		if d.provider == "mongodb" {
			block += "\n  database = \"shop\""
		}
		p.write(t, "shop.etl.hcl", d.blocks(strings.Replace(block, "%s", p.given(t, way, secret), 1)))
	}
	connect(c.password(), d.port)
	p.etl(t, "discover", d.provider, "connection."+d.provider+".shop")
	if said := p.etl(t, "plan", "-out=shop.plan"); !strings.Contains(said, "bronze.orders") {
		t.Fatalf("nothing is planned:\n%s", said)
	}
	p.etl(t, "show", "shop.plan", "-format=json")
	p.whileReading(t, d.provider, false, "apply", "shop.plan")
	p.contents(t, "bronze.orders", "etl.runs", "etl.results")
	p.etl(t, "state", "show", "table.bronze.orders", "-format=json")
	p.etl(t, "destroy", "-auto-approve")
	p.whileReading(t, d.provider, true, "apply", "-auto-approve")
	for what, change := range map[string][2]string{"a wrong password": {c.password() + "x", d.port}, "a wrong port": {c.password(), "1"}} {
		connect(change[0], change[1])
		for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve", "-json"}, {"discover", d.provider, "connection." + d.provider + ".shop"}} {
			if said := p.etl(t, args...); !strings.Contains(said, "Error") && !strings.Contains(said, "error") {
				t.Errorf("%s is no mistake:\n%s", what, said)
			}
		}
	}
	p.searched(t)
}

// whileReading runs etl, looks at all processes while a source waits, and ends the providers with a crash if it is asked to.
func (p *project) whileReading(t *testing.T, provider string, crash bool, args ...string) {
	t.Helper()
	for _, name := range []string{"waiting", "go on"} {
		_ = os.Remove(filepath.Join(p.dir, name)) // of a run before
	}
	cmd := p.command(t.Context(), args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.await(t, "waiting")
	started := providersOf(t, cmd.Process.Pid)
	for _, name := range []string{provider, "leaky", "csv"} {
		if started[name] == 0 {
			t.Errorf("while etl read, its providers were %v", started)
		}
	}
	var but []string
	if len(p.environ) > 0 { // whoever sets a variable gives it to etl, and to nobody else
		but = []string{strconv.Itoa(cmd.Process.Pid)}
	}
	p.notInProcesses(t, but...)
	p.notBelow(t, p.dir)
	p.notBelow(t, p.temp)
	if crash {
		for _, pid := range started {
			_ = syscall.Kill(pid, syscall.SIGABRT) // which makes a Go program print all its stacks
		}
	} else {
		p.write(t, "go on", "")
	}
	if err := cmd.Wait(); (err != nil) != crash {
		t.Errorf("etl %v: %v\n%s", args, err, &out)
	}
	p.notIn(t, "etl "+strings.Join(args, " "), out.Bytes())
}

// providersOf are the processes of providers that an etl has started, by name.
func providersOf(t *testing.T, host int) map[string]int {
	t.Helper()
	found, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	started := map[string]int{}
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile, or is somebody else's
		}
		variables := map[string]string{}
		for variable := range strings.SplitSeq(string(text), "\x00") {
			name, value, _ := strings.Cut(variable, "=")
			variables[name] = value
		}
		if variables[proto.EnvHost] == strconv.Itoa(host) {
			started[variables[proto.EnvPlugin]], _ = strconv.Atoi(strings.Split(path, "/")[2])
		}
	}
	return started
}
