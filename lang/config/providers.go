package config

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
)

// needed are the providers of all connections and sources, sorted.
func (l *loader) needed() []string {
	var names []string
	for _, h := range l.headers {
		if h.kind == "source" || h.kind == "connection" {
			names = append(names, h.block.Labels[0])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// describe asks the providers for their schemas, all at once, as each may have to be started.
func (l *loader) describe(ctx context.Context) {
	names := l.needed()
	found := make([]schema.Provider, len(names))
	errs := make([]error, len(names))
	var group errgroup.Group
	group.SetLimit(max(4, runtime.GOMAXPROCS(0)))
	for i, name := range names {
		group.Go(func() error {
			found[i], errs[i] = l.opt.Plugin(ctx, name)
			return nil
		})
	}
	// The functions return no error: each provider's own is reported at its first block.
	_ = group.Wait()
	for i, name := range names {
		if errs[i] != nil {
			l.unavailable(name, errs[i])
			continue
		}
		l.providers[name] = &found[i]
	}
}

func (l *loader) unavailable(name string, err error) {
	for _, h := range l.headers {
		if (h.kind == "source" || h.kind == "connection") && h.block.Labels[0] == name {
			l.report(diag.Error(h.block.LabelRanges[0], "Provider not available", "The provider %q can't be used: %s.", name, err))
			return
		}
	}
}
