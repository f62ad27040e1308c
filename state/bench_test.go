package state

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/automic-etl/etl/lang/addr"
)

// cpu is the processor time of this process: on a busy machine it tells more than the clock.
func cpu(b *testing.B) time.Duration {
	var usage syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkCreate(b *testing.B) {
	l := openIn(b, b.TempDir())
	columns := assigned(b, nil, plainColumns())
	n := 0
	before := cpu(b)
	defer func() { b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op") }()
	for b.Loop() {
		ident := addr.Ident{Namespace: "silver", Name: fmt.Sprint("t", n)}
		n++
		b.StopTimer()
		file := stageFor(b, l, ident, "run-1", nil, columns, 1, 2, 3)
		b.StartTimer()
		c := change(nil, columns, Replace, file)
		c.Ident = ident
		commit(b, l, c)
	}
}

func BenchmarkAppend(b *testing.B) {
	l := openIn(b, b.TempDir())
	columns := assigned(b, nil, plainColumns())
	var base *Table
	before := cpu(b)
	defer func() { b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/float64(b.N), "cpu-ms/op") }()
	for b.Loop() {
		b.StopTimer()
		file := stage(b, l, base, columns, 1, 2, 3)
		b.StartTimer()
		base = commit(b, l, change(base, columns, Append, file))
	}
}

func BenchmarkClaimAndRelease(b *testing.B) {
	l := openIn(b, b.TempDir())
	for b.Loop() {
		lease, err := l.Claim(b.Context(), claim("run-a", orders))
		must(b, err)
		must(b, lease.Release(b.Context()))
	}
}

// BenchmarkTables lists 1,000 tables of several snapshots each, from the cache and without.
func BenchmarkTables(b *testing.B) {
	for _, snapshots := range []int{1, 200} {
		dir := b.TempDir()
		l := openIn(b, dir)
		makeTables(b, l, 1000, snapshots)
		_, err := l.Tables(b.Context()) // fills the cache
		must(b, err)
		for _, warm := range []bool{false, true} {
			b.Run(fmt.Sprintf("snapshots=%d/warm=%v", snapshots, warm), func(b *testing.B) {
				before := cpu(b)
				defer func() { b.ReportMetric(float64((cpu(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op") }()
				for b.Loop() {
					o := optionsIn(dir)
					o.ReadOnly = true
					if !warm {
						o.CacheDir = ""
					}
					fresh, err := Open(b.Context(), o)
					must(b, err)
					tables, err := fresh.Tables(b.Context())
					must(b, err)
					if len(tables) != 1000 {
						b.Fatal(len(tables))
					}
					must(b, fresh.Close())
				}
			})
		}
	}
}

// makeTables makes one table with its snapshots, and lists it under many names.
func makeTables(b *testing.B, l *Lakehouse, n, snapshots int) {
	b.Helper()
	columns := assigned(b, nil, partitionedColumns())
	c := change(nil, columns, Append)
	c.Definition = []byte(`{"steps": "` + fmt.Sprintf("%01500d", 7) + `"}`)
	base := commit(b, l, c)
	for range snapshots - 1 {
		next := change(base, columns, Empty)
		next.Definition = c.Definition
		base = commit(b, l, next)
	}
	content := readAll(b, mustPath(base.MetadataLocation))
	for i := range n - 1 {
		location := mustPath(base.MetadataLocation) + fmt.Sprint(i)
		writeAll(b, location, content)
		must(b, l.catalog.create(b.Context(), addr.Ident{Namespace: "bench", Name: fmt.Sprintf("t%04d", i)}, locationOf(location)))
	}
}
