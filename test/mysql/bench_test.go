package mysql_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/outputtest"
)

// benched is how many rows benchmarks read.
const benched = 300_000

// counting drops rows.
type counting struct {
	rows   int64
	cursor []byte
}

func (c *counting) Batch(_ context.Context, rows arrow.RecordBatch) error {
	c.rows += rows.NumRows()
	return nil
}
func (c *counting) Origin(string, int64)                    {}
func (c *counting) File(context.Context, sdk.File) error    { return nil }
func (c *counting) Bad(context.Context, []sdk.BadRow) error { return nil }
func (c *counting) Progress(int64, int64)                   {}
func (c *counting) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	c.cursor = cursor
	return nil
}

// processor is the processor time that this process has had.
func processor() time.Duration {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// against measures rows a second of processor time, and how many times the floor's time that takes.
func against(b *testing.B, rows int64, floor, measured func()) {
	b.Helper()
	var least, taken time.Duration
	for b.Loop() {
		start := processor()
		floor()
		least += processor() - start
		start = processor()
		measured()
		taken += processor() - start
	}
	b.ReportMetric(float64(rows)*float64(b.N)/taken.Seconds(), "rows/cpu-s")
	b.ReportMetric(taken.Seconds()/least.Seconds(), "of-floor")
	b.ReportMetric(0, "ns/op")
}

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
			against(b, benched, func() { l.dropped(b) }, func() {
				out := &counting{}
				err := providers.BuiltIn()["mysql"].Read(b.Context(), cfg, sdk.ReadRequest{Columns: outputtest.WithIDs(response.Columns)}, out)
				if err != nil || out.rows != benched {
					b.Fatal(err, out.rows)
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
			first := &counting{}
			if err := provider.Read(b.Context(), cfg, sdk.ReadRequest{Columns: columns}, first); err != nil {
				b.Fatal(err)
			}
			l.fill("orders", benched, orderRow)
			against(b, benched, func() { l.dropped(b) }, func() {
				out := &counting{}
				err := provider.Read(b.Context(), cfg, sdk.ReadRequest{Columns: columns, Cursor: map[string][]byte{"": first.cursor}}, out)
				if err != nil || out.rows != benched {
					b.Fatal(err, out.rows)
				}
			})
		})
	}
}
