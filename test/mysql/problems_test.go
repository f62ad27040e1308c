package mysql_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
)

// TestProblems holds each mistake against the words that a user gets, which must name what to do and no secret.
func TestProblems(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key, amount decimal(50,2), note text)", "CREATE TABLE hidden (id int)",
			"GRANT SELECT ON `"+l.database+"`.orders TO reader@'%'")
		text := cty.StringVal
		for _, c := range []struct {
			name       string
			connection map[string]cty.Value
			source     map[string]cty.Value
			want       []string
		}{
			{"host", map[string]cty.Value{"host": text("nosuchhost.invalid")}, nil, []string{"Unknown host", "connection's host"}},
			{"port", map[string]cty.Value{"port": cty.NumberIntVal(1)}, nil, []string{"Nothing answers", "host and port"}},
			{"password", map[string]cty.Value{"password": text("wrong-canary")}, nil, []string{"Login refused", "user and password"}},
			{"user", map[string]cty.Value{"user": text("nobody")}, nil, []string{"Login refused", `"nobody"`}},
			{"database", map[string]cty.Value{"database": text(l.database + "x")}, nil, []string{"Unknown database", `Did you mean "` + l.database + `"?`}},
			{"other database", nil, map[string]cty.Value{"table": text(l.database + "x.orders")}, []string{"Unknown database", `Did you mean "` + l.database + `"?`}},
			{"no database", map[string]cty.Value{"database": cty.NullVal(cty.String)}, nil, []string{"Database missing", `table = "shop.orders"`}},
			{"table", nil, table("ordes"), []string{"Unknown table", `Did you mean "orders"?`}},
			{"privilege", map[string]cty.Value{"user": text("reader")}, table("hidden"), []string{"Unknown table", "may not see it"}},
			{"column privilege", map[string]cty.Value{"user": text("reader")}, map[string]cty.Value{"table": cty.NullVal(cty.String),
				"query": text("SELECT * FROM hidden")}, []string{"Privilege missing", "GRANT SELECT"}},
			{"column", nil, map[string]cty.Value{"columns": cty.ListVal([]cty.Value{text("amuont")})}, []string{"Unknown column", `Did you mean "amount"?`}},
			{"type", nil, map[string]cty.Value{"types": cty.MapVal(map[string]cty.Value{"note": text("uuid"), "amount": text("date")})},
				[]string{"Type that a column can't have", "decimal(50,2)"}},
			{"condition", nil, map[string]cty.Value{"where": text("amuont > 1")}, []string{"The server refuses the statement", "Correct the where"}},
			{"query", nil, map[string]cty.Value{"table": cty.NullVal(cty.String), "query": text("SELEC 1")}, []string{"The server refuses the statement", "Correct the query"}},
			{"same name", nil, map[string]cty.Value{"table": cty.NullVal(cty.String), "query": text("SELECT id, id FROM orders")}, []string{"Duplicate column name"}},
			{"both", nil, map[string]cty.Value{"query": text("SELECT 1")}, []string{"Table or query", "exactly one"}},
			{"name", nil, table("a.b.c"), []string{"Invalid table name", "more than two parts"}},
			{"reserved", nil, map[string]cty.Value{"table": cty.NullVal(cty.String), "query": text("SELECT 1 AS _etl_row")}, []string{"Reserved column name"}},
			{"plain text", map[string]cty.Value{"user": text("tls_only"), "tls": text("disabled")}, nil, []string{"Login refused", `tls = "required"`}},
			{"stranger", map[string]cty.Value{"tls": text("verify_full"), "tls_ca": text(l.cert("stranger.crt"))}, nil, []string{"Certificate not trusted", "tls_ca"}},
			{"no authority", map[string]cty.Value{"tls": text("verify_ca")}, nil, []string{"Certificate not trusted", "tls_ca"}},
			{"authority alone", map[string]cty.Value{"tls_ca": text(l.cert("ca.crt"))}, nil, []string{"Authority without check"}},
			{"half a certificate", map[string]cty.Value{"tls": text("required"), "tls_cert": text(l.cert("certified.crt"))}, nil, []string{"Half a client certificate"}},
			{"no certificate", map[string]cty.Value{"user": text("certified")}, nil, []string{"Login refused", "tls_cert"}},
			{"dsn", map[string]cty.Value{"host": cty.NullVal(cty.String), "port": cty.NullVal(cty.Number), "database": cty.NullVal(cty.String), "user": cty.NullVal(cty.String),
				"password": cty.NullVal(cty.String), "dsn": text("mysql://etl:canary%zz@")}, nil, []string{"Unreadable dsn"}},
			{"twice", map[string]cty.Value{"dsn": text("etl:canary@tcp(x)/y")}, nil, []string{"Connection given twice"}},
		} {
			source := c.source
			if source == nil || source["table"] == cty.NilVal {
				merged := table("orders")
				for name, value := range source {
					merged[name] = value
				}
				source = merged
			}
			cfg := l.source(source)
			cfg.Connection = l.connection(c.connection)
			_, diags := plan(cfg)
			said := diags.Error()
			for _, want := range c.want {
				if !diags.HasErrors() || !strings.Contains(said, want) {
					t.Errorf("%s: %q is not in\n%s", c.name, want, said)
				}
			}
			if strings.Contains(said, "canary") {
				t.Errorf("%s: a secret is in %s", c.name, said)
			}
		}
	})
}

// cert is the path of a file that belongs to the server's certificate.
func (l *lab) cert(name string) string {
	return filepath.Join(env(l.t, l.flavor)["ETL_TEST_"+strings.ToUpper(l.flavor)+"_CERTS"], name)
}

// TestLogins opens the server in every way that it offers.
func TestLogins(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE `Odd ``name.x` (`Id` int, `B c` int)", "INSERT INTO `Odd ``name.x` VALUES (1, 2)",
			"GRANT ALL ON `"+l.database+"`.* TO tls_only@'%'", "GRANT ALL ON `"+l.database+"`.* TO certified@'%'")
		text, none := cty.StringVal, cty.NullVal(cty.String)
		ca, certificate, key := text(l.cert("ca.crt")), text(l.cert("certified.crt")), text(l.cert("certified.key"))
		bare := func(dsn string) map[string]cty.Value {
			return map[string]cty.Value{"host": none, "port": cty.NullVal(cty.Number), "database": none, "user": none, "password": none, "dsn": text(dsn)}
		}
		for name, change := range map[string]map[string]cty.Value{
			"preferred":   nil,
			"disabled":    {"tls": text("disabled")},
			"required":    {"tls": text("required"), "user": text("tls_only")},
			"verify_ca":   {"tls": text("verify_ca"), "tls_ca": ca},
			"verify_full": {"tls": text("verify_full"), "tls_ca": ca, "user": text("tls_only")},
			"certificate": {"tls": text("verify_full"), "tls_ca": ca, "tls_cert": certificate, "tls_key": key, "user": text("certified")},
			"url":         bare(fmt.Sprintf("mysql://etl:etl@%s/%s", l.config.Addr, l.database)),
			"dsn":         bare(fmt.Sprintf("etl:etl@tcp(%s)/%s?parseTime=true&multiStatements=true", l.config.Addr, l.database)),
		} {
			cfg := l.source(table("`Odd ``name.x`"))
			cfg.Connection = l.connection(change)
			response, diags := plan(cfg)
			if diags.HasErrors() || strings.Join(response.Columns.Names(), ",") != "Id,B c" {
				t.Errorf("%s: %v %v", name, response, diags)
			}
			if got := l.load(cfg, false); len(got.Rows) != 1 {
				t.Errorf("%s: %v", name, got.Rows)
			}
		}
	})
}

// TestShapes reads what is no ordinary table.
func TestShapes(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		columns, values := make([]string, 1000), make([]string, 1000)
		for i := range columns {
			columns[i], values[i] = fmt.Sprintf("column_%d int", i), fmt.Sprint(i)
		}
		l.exec("CREATE TABLE vacant (id int primary key, d date)", "CREATE TABLE Mixed (Id int primary key)", "INSERT INTO Mixed VALUES (1), (2)",
			"CREATE VIEW seen AS SELECT Id + 1 AS next FROM Mixed", "CREATE TABLE keyless (a int, b int)", "INSERT INTO keyless VALUES (1, 1), (1, 1)",
			"CREATE TABLE wide ("+strings.Join(columns, ", ")+")", "INSERT INTO wide VALUES ("+strings.Join(values, ", ")+")",
			"CREATE TABLE isam (id int primary key) ENGINE=MyISAM", "INSERT INTO isam VALUES (1)",
			"CREATE TABLE stamped (id int primary key, created_at datetime, updated_at datetime, due date)")
		for name, want := range map[string][2]int{"vacant": {2, 0}, "Mixed": {1, 2}, "seen": {1, 2}, "keyless": {2, 2}, "wide": {1000, 1}, "isam": {1, 1}} {
			if got := l.load(l.source(table(name)), true); len(got.Columns) != want[0] || len(got.Rows) != want[1] {
				t.Errorf("%s: %d columns and %d rows", name, len(got.Columns), len(got.Rows))
			}
		}
		query := map[string]cty.Value{"table": cty.NullVal(cty.String), "query": cty.StringVal("WITH m AS (SELECT * FROM Mixed) -- all\nSELECT Id, COUNT(*) AS n, SUM(Id) / 2 AS h FROM m GROUP BY Id;")}
		got := l.load(l.source(query), false)
		if len(got.Rows) != 2 || got.Rows[0].Source != "query" || got.Columns[1].Type.String() != "long" || got.Columns[2].Type.Precision == 0 {
			t.Errorf("%v of %v", got.Rows, got.Columns)
		}
		where := table("Mixed")
		where["where"] = cty.StringVal("Id > 1 -- the newest")
		if got := l.load(l.source(where), false); len(got.Rows) != 1 {
			t.Errorf("%v", got.Rows)
		}
		described := block(l.source(nil).Source.Type(), nil)
		cfg := sdk.Config{Connection: l.connection(nil), Source: cty.ObjectVal(described)}
		streams, diags := discover(cfg)
		if diags.HasErrors() || len(streams) != 7 {
			t.Errorf("%d streams, %v", len(streams), diags)
		}
		for _, stream := range streams {
			if stream.Name == "stamped" && strings.Join(stream.Cursors, " ") != "updated_at id created_at" {
				t.Errorf("the cursors of a table are %v", stream.Cursors)
			}
		}
	})
}
