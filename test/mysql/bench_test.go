package mysql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

// benched is how many rows benchmarks read.
const benched = 300_000

// dropped reads a table with the plain driver, every value as it comes, and drops it.
func (l *lab) dropped(b *testing.B) {
	statement, err := l.db.Prepare("SELECT * FROM orders") // for the binary protocol, as the provider has it
	if err != nil {
		b.Fatal(err)
	}
	defer statement.Close()
	rows, err := statement.Query()
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	values, into := make([]sql.RawBytes, 8), make([]any, 8)
	for i := range values {
		into[i] = &values[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
	}
	if n != benched || rows.Err() != nil {
		b.Fatal(n, rows.Err())
	}
}

func (l *lab) orders() {
	l.exec("CREATE TABLE orders (id int primary key, customer bigint, amount decimal(12, 2), status varchar(20), at datetime(6), day date, rate double, note varchar(100))")
	l.fill("orders", benched, orderRow)
}

func orderRow(i int) string {
	return fmt.Sprintf("%d, %d, %d.25, 'status %d', '2024-01-01' + interval %d second, '2024-01-01', %d.5, 'a note of the order %d'", i, i%1000, i%5000, i%7, i, i, i)
}

// BenchmarkRead reads a table of eight columns in ranges.
func BenchmarkRead(b *testing.B) {
	for _, flavor := range flavors {
		b.Run(flavor, func(b *testing.B) {
			l := newLab(b, flavor, env(b, flavor)["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"])
			l.orders()
			cfg := l.source(table("orders"))
			response, diags := plan(cfg)
			if diags.HasErrors() {
				b.Fatal(diags)
			}
			outputtest.Against(b, benched, func() { l.dropped(b) }, func() {
				out := &outputtest.Counter{}
				err := providers.BuiltIn()["mysql"].Read(b.Context(), cfg, sdk.ReadRequest{Columns: outputtest.WithIDs(response.Columns)}, out)
				if err != nil || out.Rows != benched {
					b.Fatal(err, out.Rows)
				}
			})
		})
	}
}

// BenchmarkChanges reads as many insertions from the log. Its floor is the plain driver's read of the rows.
func BenchmarkChanges(b *testing.B) {
	for _, flavor := range flavors {
		b.Run(flavor, func(b *testing.B) {
			l := newLab(b, flavor, env(b, flavor)["ETL_TEST_"+strings.ToUpper(flavor)+"_DSN"])
			l.exec("CREATE TABLE orders (id int primary key, customer bigint, amount decimal(12, 2), status varchar(20), at datetime(6), day date, rate double, note varchar(100))")
			cfg := l.source(table("orders"))
			cfg.Mode = "delta"
			provider := providers.BuiltIn()["mysql"]
			response, diags := plan(cfg)
			if diags.HasErrors() {
				b.Fatal(diags)
			}
			columns := append(outputtest.WithIDs(response.Columns), sdk.ChangeColumns()...)
			first := &outputtest.Counter{}
			if err := provider.Read(b.Context(), cfg, sdk.ReadRequest{Columns: columns}, first); err != nil {
				b.Fatal(err)
			}
			l.fill("orders", benched, orderRow)
			outputtest.Against(b, benched, func() { l.dropped(b) }, func() {
				out := &outputtest.Counter{}
				err := provider.Read(b.Context(), cfg, sdk.ReadRequest{Columns: columns, Cursor: map[string][]byte{"": first.Cursor}}, out)
				if err != nil || out.Rows != benched {
					b.Fatal(err, out.Rows)
				}
			})
		})
	}
}
