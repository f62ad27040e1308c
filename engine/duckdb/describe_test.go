package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

func TestDescribe(t *testing.T) {
	s := openSession(t)
	bind(t, s, "silver.orders", coltype.Schema{field(1, "id", coltype.Long), column(2, "amount", coltype.Type{Kind: coltype.Decimal, Precision: 12, Scale: 2})}, nil)
	cases := map[string]string{
		"SELECT id, sum(amount) AS total, count(*) AS n FROM silver.orders GROUP BY ALL;": "[id BIGINT total DECIMAL(38,2) n BIGINT]",
		"FROM silver.orders -- all":                                                      "[id BIGINT amount DECIMAL(12,2)]",
		"(SELECT 1 AS a)":                                                                "[a INTEGER]",
		"VALUES (1, 'x')":                                                                "[col0 INTEGER col1 VARCHAR]",
		"WITH q AS (SELECT TRUE AS b) TABLE q":                                           "[b BOOLEAN]",
		"SELECT sum(id) AS s FROM silver.orders":                                         "[s DECIMAL(38,0)]",
		"SELECT 1::UTINYINT a, 1::UINTEGER b, 1::UBIGINT c":                              "[a INTEGER b BIGINT c DECIMAL(20,0)]",
		"SELECT '{}'::JSON j, 'a'::ENUM('a', 'b, c)') e, uuid() u":                       "[j VARCHAR e VARCHAR u UUID]",
		"SELECT TIMESTAMP_NS '2020-01-01' a, TIMESTAMPTZ '2020-01-01' b, TIME '10:00' c": "[a TIMESTAMP b TIMESTAMP WITH TIME ZONE c TIME]",
		`SELECT {'a b': [1], 'q"': MAP {'k': {x: 1.5}}} AS s`:                            `[s STRUCT("a b" INTEGER[], "q""" MAP(VARCHAR, STRUCT("x" DECIMAL(2,1))))]`,
		"SELECT [1, 2]::INTEGER[2] AS fixed, 'x'::BLOB AS b, pi() p":                     "[fixed INTEGER[] b BLOB p DOUBLE]",
	}
	for query, want := range cases {
		got, err := s.Describe(context.Background(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		equal(t, query, fmt.Sprint(spell(got)), want)
	}
}

func TestDescribeNamesTheColumnThatCantBeStored(t *testing.T) {
	s := openSession(t)
	for query, hint := range map[string]string{
		"SELECT 1 AS a, INTERVAL 1 DAY AS b":             "epoch(x)",
		"SELECT 1 AS a, [INTERVAL 1 DAY] AS b":           "epoch(x)",
		"SELECT 1 AS a, TIMETZ '10:00:00+02' AS b":       "TIMESTAMP WITH TIME ZONE",
		"SELECT 1 AS a, '101'::BIT AS b":                 "VARCHAR or BLOB",
		"SELECT 1 AS a, union_value(k := 1) AS b":        "cast it",
		"SELECT 1 AS a, {x: union_value(k := 'a')} AS b": "cast it",
	} {
		_, err := s.Describe(context.Background(), query)
		var column *ColumnError
		var kind *TypeError
		if !errors.As(err, &column) || column.Column != "b" || !errors.As(err, &kind) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestMistakesArePlacedInTheQuery(t *testing.T) {
	s := openSession(t)
	bind(t, s, "silver.orders", coltype.Schema{field(1, "amount", coltype.Long), field(2, "email", coltype.String), field(3, "région", coltype.String)}, nil)
	cases := map[string]struct{ query, want string }{
		"column":     {"SELECT 'ü', amuont FROM silver.orders", "Unknown column in SQL@13 [amount région]"},
		"of a table": {"SELECT o.amuont FROM silver.orders o", "Unknown column in SQL@7 [amount]"},
		"table":      {"SELECT * FROM silver.ordrs", "Unknown table in SQL@14 [orders]"},
		"function":   {"SELECT lowr(email) FROM silver.orders", "Unknown function in SQL@7 [lower]"},
		"types":      {"SELECT amount + email FROM silver.orders", "Wrong types in SQL@14 []"},
		"ambiguous":  {"SELECT 1 FROM silver.orders a, silver.orders b WHERE amount = 1", "Ambiguous column in SQL@53 []"},
		"group by":   {"SELECT sum(amount), email FROM silver.orders", "Invalid SQL query@20 []"},
		"syntax":     {"SELECT amount FRM silver.orders", "Invalid SQL@18 []"},
		"constant":   {"SELECT CAST('x' AS INTEGER) FROM silver.orders", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := s.Describe(context.Background(), c.query)
			if c.want == "" {
				return
			}
			mistakes := Mistakes(err)
			if len(mistakes) != 1 {
				t.Fatal(err)
			}
			m := mistakes[0]
			equal(t, c.query, fmt.Sprintf("%s@%d %v", m.Summary, m.Offset, m.Candidates), c.want)
			if strings.Contains(m.Detail, "Candidate") || strings.Contains(m.Detail, "LINE") || !strings.HasSuffix(m.Detail, ".") {
				t.Errorf("detail: %q", m.Detail)
			}
		})
	}
}

func TestMistakesAtRunTime(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "n", coltype.Long)}
	_, err := s.Write(context.Background(), Write{Query: "SELECT 'abc' || i AS n FROM range(3) r(i)", Columns: cols, Dir: t.TempDir()})
	var mistake *SQLError
	if !errors.As(err, &mistake) || mistake.Summary != "A value doesn't fit" || !strings.Contains(mistake.Detail, "abc0") {
		t.Fatalf("%v", err)
	}
	_, err = s.Write(context.Background(), Write{Query: "SELECT 1 AS n, nope", Columns: cols, Dir: t.TempDir()})
	if !errors.As(err, &mistake) || mistake.Offset != 15 {
		t.Fatalf("%v at %d", err, mistake.Offset)
	}
}

func TestTypeNames(t *testing.T) {
	for _, malformed := range []string{"", "DECIMAL", "DECIMAL(1", "DECIMAL(a,b)", "STRUCT", "STRUCT(", "STRUCT(a", "STRUCT(a INTEGER", "MAP(VARCHAR)", "INTEGER[", "INTEGER)", `STRUCT("a INTEGER)`, "ENUM('a", "NOSUCH"} {
		if got, err := FromDuckDB(malformed); err == nil {
			t.Errorf("%q became %v", malformed, got)
		}
	}
}

func FuzzTypeNames(f *testing.F) {
	for _, seed := range []string{"INTEGER", `STRUCT("a""b" DECIMAL(3,1)[], c MAP(VARCHAR, UUID))`, "ENUM('a', 'b''c')[3]", "TIMESTAMP WITH TIME ZONE"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got, err := FromDuckDB(name)
		if err != nil {
			return
		}
		again, err := FromDuckDB(dialect.Type(got))
		if err != nil || dialect.Type(again) != dialect.Type(got) {
			t.Fatalf("%q became %s, and that %s (%v)", name, dialect.Type(got), dialect.Type(again), err)
		}
	})
}
