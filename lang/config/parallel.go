package config

import (
	"maps"
	"runtime"
	"sync"

	"github.com/hashicorp/hcl/v2"
)

// parallel reads tables, several at once: that is most of the work of a large project. Each worker has what it finds to
// itself until all are done; what they share isn't changed meanwhile.
func (l *loader) parallel(tables []*header) {
	workers := make([]*loader, max(1, min(runtime.GOMAXPROCS(0), len(tables)/16)))
	var group sync.WaitGroup
	for i := range workers {
		w := l.fork()
		workers[i] = w
		group.Go(func() {
			for at := i; at < len(tables); at += len(workers) {
				w.tables(tables[at])
			}
		})
	}
	group.Wait()
	for _, w := range workers {
		l.report(w.diags...)
		l.project.Tables = append(l.project.Tables, w.project.Tables...)
		l.project.Nameless = append(l.project.Nameless, w.project.Nameless...)
		maps.Copy(l.project.Files, w.queries)
	}
}

func (l *loader) fork() *loader {
	w, p := *l, *l.project
	p.Tables, p.Nameless = nil, nil
	w.project, w.diags, w.queries = &p, nil, map[string]*hcl.File{}
	return &w
}
