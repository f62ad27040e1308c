package postgres

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// randomValues are expressions of types that are read from the binary format, with many values each.
func randomValues() map[string]string {
	sign := "(CASE WHEN random() < 0.5 THEN -1 ELSE 1 END)"
	return map[string]string{
		"numeric(38, 10)":  sign + " * trunc((random() * power(10::numeric, (random() * 28)::int))::numeric, 10)",
		"numeric(38, 0)":   sign + " * trunc(random()::numeric * power(10::numeric, (random() * 37)::int))",
		"numeric(12, 2)":   sign + " * trunc((random() * power(10::numeric, (random() * 9)::int))::numeric, 2)",
		"numeric(10, 10)":  sign + " * trunc((random() * power(10::numeric, -(random() * 9)::int))::numeric, 10)",
		"numeric(6, -3)":   sign + " * (random() * power(10, (random() * 8)::int))::numeric",
		"numeric(3, 7)":    sign + " * (random() * power(10, -4 - (random() * 3)::int) * 0.99)::numeric",
		"date":             "'4713-01-01 BC'::date + (random() * power(10, (random() * 9)::int))::int",
		"timestamp":        "'4713-01-01 BC'::timestamp + make_interval(secs => random() * power(10, (random() * 12)::int))",
		"timestamptz":      "'4713-01-02 BC'::timestamptz + make_interval(secs => random() * power(10, (random() * 12)::int))",
		"time":             "'00:00'::time + make_interval(secs => random() * 86399)",
		"double precision": sign + " * random() * power(10::float8, (random() * 600)::int - 300)",
		"real":             sign + " * random() * power(10::float8, (random() * 70)::int - 35)",
		"bigint":           sign + " * (random() * 9.2e18)::bigint",
		"uuid":             "gen_random_uuid()",
		"bytea":            "decode(md5(random()::text), 'hex')",
		"text":             "translate(md5(random()::text), '0123456789ab', E',{}\"\\\\() \\'\\t\\n\\u00e9')",
		"boolean":          "random() < 0.5",
	}
}

// TestFormatsAgree reads the same random values from the binary format and from text: a snapshot takes the one, a stream
// of changes the other, and they must not differ. Each type is tried by itself, in arrays, and in composite values.
func TestFormatsAgree(t *testing.T) {
	d := newDatabase(t)
	for declared, expression := range randomValues() {
		t.Run(declared, func(t *testing.T) {
			d.exec(t, `DROP TABLE IF EXISTS agree; DROP TYPE IF EXISTS duo;
				CREATE TYPE duo AS (a %s, b text, c %s[]);
				CREATE TABLE agree AS SELECT (%s)::%s AS one, ARRAY[(%s)::%s, NULL, (%s)::%s] AS many FROM generate_series(1, 500);
				ALTER TABLE agree ALTER one TYPE %s, ALTER many TYPE %s[], ADD pair duo;
				UPDATE agree SET pair = ROW(one, nullif(left(md5(random()::text), (random() * 3)::int), ''), many);
				INSERT INTO agree VALUES (NULL, NULL, NULL), (NULL, '{}', ROW(NULL, NULL, NULL))`,
				declared, declared, expression, declared, expression, declared, expression, declared, declared, declared)
			agree(t, d, "agree")
		})
	}
}

func agree(t *testing.T, d *database, table string) {
	t.Helper()
	c, err := session.Open(t.Context(), session.Settings{DSN: d.dsn("etl"), Timeout: 10e9})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	name, err := catalog.ParseName(table)
	if err != nil {
		t.Fatal(err)
	}
	relation, err := catalog.Find(t.Context(), c, name)
	if err != nil {
		t.Fatal(err)
	}
	types, err := catalog.LoadTypes(t.Context(), c, catalog.ColumnTypes([]*catalog.Relation{relation}))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Begin(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	for _, each := range relation.Columns {
		shape := types.Shape(each.Type, each.Typmod, each.Dims)
		if !shape.Binary {
			t.Fatalf("%s is not read from the binary format", each.Name)
		}
		ident := session.Ident(each.Name)
		binary := copied(t, c, shape, column.Binary, "COPY (SELECT "+ident+" FROM "+table+" ORDER BY ctid) TO STDOUT (FORMAT binary)")
		text := copied(t, c, shape, column.Text, "COPY (SELECT CASE WHEN "+ident+" IS DISTINCT FROM NULL THEN format('%s', "+ident+") END FROM "+table+
			" ORDER BY ctid) TO STDOUT (FORMAT binary)")
		if binary != text {
			t.Errorf("%s of %s differs:\nbinary %s\ntext   %s", each.Name, table, binary, text)
		}
	}
}

// copied is a column as text, and what could not be represented.
func copied(t *testing.T, c *session.Conn, shape *column.Shape, format column.Format, sql string) string {
	t.Helper()
	columns := []column.Column{column.New(shape.Natural, shape, format)}
	var bad strings.Builder
	tuples := column.NewTuples(columns, func(values column.Values, _ int, reason error) {
		fmt.Fprintf(&bad, "%s: %v\n", column.Show(values[0], shape, format), reason)
	})
	if err := c.Copy(t.Context(), sql, tuples.Feed); err != nil {
		t.Fatal(err)
	}
	made := columns[0].Array()
	defer made.Release()
	return fmt.Sprint(made, bad.String())
}

// TestStreamCutAnywhere cuts a copy's stream at random places: servers send a row a piece, and proxies what they like.
func TestStreamCutAnywhere(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE cut AS SELECT i, md5(i::text) AS s, CASE WHEN i % 3 = 0 THEN ARRAY[i, NULL] END AS l,
		CASE WHEN i % 7 = 0 THEN 'infinity'::date ELSE '2026-01-01'::date END AS day FROM generate_series(1, 50) i`)
	c, err := session.Open(t.Context(), session.Settings{DSN: d.dsn("etl"), Timeout: 10e9})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var stream []byte
	if err := c.Copy(t.Context(), "COPY cut TO STDOUT (FORMAT binary)", func(data []byte) error {
		stream = append(stream, data...)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	types, err := catalog.LoadTypes(t.Context(), c, []uint32{23, 25, 1007, 1082})
	if err != nil {
		t.Fatal(err)
	}
	var shapes []*column.Shape
	for _, oid := range []uint32{23, 25, 1007, 1082} {
		shapes = append(shapes, types.Shape(oid, -1, 1))
	}
	feed := func(t *rapid.T, cut func(rest int) int) string {
		var columns []column.Column
		for _, shape := range shapes {
			columns = append(columns, column.New(shape.Natural, shape, column.Binary))
		}
		var out strings.Builder
		tuples := column.NewTuples(columns, func(values column.Values, at int, reason error) {
			fmt.Fprintf(&out, "%s %d %v\n", column.Show(values[0], shapes[0], column.Binary), at, reason)
		})
		for rest := stream; len(rest) > 0; {
			n := cut(len(rest))
			if err := tuples.Feed(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		fmt.Fprint(&out, tuples.Rows())
		for _, c := range columns {
			made := c.Array()
			fmt.Fprint(&out, made)
			made.Release()
		}
		return out.String()
	}
	var whole string
	rapid.Check(t, func(r *rapid.T) {
		if whole == "" {
			whole = feed(r, func(rest int) int { return rest })
		}
		if got := feed(r, func(rest int) int { return rapid.IntRange(1, min(rest, 60)).Draw(r, "cut") }); got != whole {
			r.Fatalf("got %s\nwant %s", got, whole)
		}
	})
	if strings.Count(whole, "infinite") != 7 {
		t.Errorf("read %s", whole)
	}
}
