package ducksql_test

import (
	"fmt"
	"testing"

	"github.com/automic-etl/etl/engine/compile/ducksql"
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// TestAveragesOfExactNumbers computes averages over the same rows in several orders: every digit is the same.
func TestAveragesOfExactNumbers(t *testing.T) {
	db := open(t)
	digits := "((hash(i) % 2000001)::HUGEINT - 1000000)"
	tests := []struct{ kind, value, want string }{ // value of the row i; want is computed apart, in whole numbers
		{"decimal(12, 2)", digits + " * 123456::DECIMAL(10, 0) / 100", ""},
		{"decimal(28, 4)", "(" + digits + " * 1000000000000000 + i)::DECIMAL(28, 4)", ""},
		{"decimal(38, 10)", "(" + digits + "::DECIMAL(38, 10) * 1000000000000 + i::DECIMAL(38, 10) / 7)", ""},
		{"long", "(" + digits + " * 9000000000000)::BIGINT", ""},
		{"int", "(" + digits + " * 2000)::INTEGER", ""},
		{"decimal(5, 2)", "NULL", "NULL"},
		{"decimal(38, 0)", "(i * 100000)::DECIMAL(38, 0)", "1499950000.0"},
		{"double", "(i * 0.5)::DOUBLE", "7499.75"},
	}
	for _, test := range tests {
		ty, err := coltype.Parse(test.kind)
		if err != nil {
			t.Fatal(err)
		}
		table := fmt.Sprintf("CREATE OR REPLACE TABLE t AS SELECT i, CAST(%s AS %s) AS x FROM range(30000) r(i)", test.value, dialect.Type(ty))
		if _, err := db.Exec(table); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		bound := bind(t, "avg(x)", &expr.Scope{Relations: []expr.Relation{{Columns: coltype.Schema{{Name: "x", Type: ty}}}}, Aggregates: true})
		text := ducksql.Renderer{Names: ducksql.Names{"": "q"}}.Expr(bound)
		results := map[string]bool{}
		for _, order := range []string{"i", "-i", "x", "hash(i)", "i % 7, i"} {
			var got string
			if err := db.QueryRow("SELECT coalesce(CAST(" + text + " AS VARCHAR), 'NULL') FROM (FROM t ORDER BY " + order + ") AS q").Scan(&got); err != nil {
				t.Fatalf("%s\n%v", text, err)
			}
			results[got] = true
		}
		if len(results) != 1 || test.want != "" && !results[test.want] {
			t.Errorf("the averages of %s are %v, want one, %s\n%s", test.kind, results, test.want, text)
		}
	}
}
