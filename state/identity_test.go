package state

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/lang/addr"
)

// identity is what a process that opens the lakehouse finds.
func identity(t *testing.T, dir string) string {
	t.Helper()
	tables, err := openIn(t, dir).Tables(t.Context())
	must(t, err)
	return Identity(tables)
}

// claimed does a run that would give the lakehouse an id.
func claimed(ctx context.Context, l *Lakehouse, run, id string, ident addr.Ident) error {
	c := claim(run, ident)
	c.Lakehouse = id
	lease, err := l.Claim(ctx, c)
	if err != nil {
		return err
	}
	if err := l.RecordRun(ctx, Run{ID: run, Project: "shop"}, []Result{{RunID: run}}); err != nil {
		return err
	}
	return lease.Release(ctx)
}

// TestIdentity gives a lakehouse an id: the first stays, and each of etl's own tables may be lost.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	l := openIn(t, dir)
	for i, step := range [][2]string{{"", ""}, {"one", "one"}, {"other", "one"}, {"", "one"}} {
		must(t, claimed(t.Context(), l, fmt.Sprint("run-", i), step[0], orders))
		if got := identity(t, dir); got != step[1] {
			t.Fatalf("given %q, the lakehouse is %q instead of %q", step[0], got, step[1])
		}
	}
	for _, ident := range ownTables() {
		current, err := l.load(t.Context(), ident)
		must(t, err)
		must(t, l.catalog.drop(t.Context(), ident, current.location))
		if got := identity(t, dir); got != "one" {
			t.Fatalf("without %s the lakehouse is %q", ident, got)
		}
		must(t, claimed(t.Context(), l, "run-after-"+ident.Name, "one", orders))
		table, err := l.Table(t.Context(), ident)
		must(t, err)
		if table.Lakehouse != "one" {
			t.Errorf("made anew, %s tells %q", ident, table.Lakehouse)
		}
	}
}

// TestOneIdentity lets runs over different tables begin a lakehouse at once: one of their ids is its own, in all tables.
func TestOneIdentity(t *testing.T) {
	dir := t.TempDir()
	group, ctx := errgroup.WithContext(t.Context())
	for i := range 4 {
		name := fmt.Sprint("t", i)
		l := openIn(t, dir)
		group.Go(func() error { return claimed(ctx, l, "run-"+name, name, addr.Ident{Namespace: "bronze", Name: name}) })
	}
	must(t, group.Wait())
	tables, err := openIn(t, dir).Tables(t.Context())
	must(t, err)
	id := Identity(tables)
	for _, table := range tables {
		if id == "" || table.Lakehouse != id {
			t.Errorf("%s tells %q, and the lakehouse is %q", table.Ident, table.Lakehouse, id)
		}
	}
}
