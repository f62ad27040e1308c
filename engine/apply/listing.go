package apply

import (
	"context"
	"fmt"
	"sync"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// keptList is how many files a list may have to be remembered: reading a short one costs as much as computing from it.
const keptList = 256

// listing remembers the files of snapshots, which many tables may read.
type listing struct {
	mu    sync.Mutex
	lists map[listed][]state.DataFile
}

type listed struct {
	ident    addr.Ident
	uuid     string
	snapshot int64
}

// files are the data files of a table's main.
func (r *run) files(ctx context.Context, t *state.Table) ([]state.DataFile, error) {
	key := listed{t.Ident, t.UUID, t.Main}
	r.listing.mu.Lock()
	known, ok := r.listing.lists[key]
	r.listing.mu.Unlock()
	if ok {
		return known, nil
	}
	files, err := r.Lakehouse.Files(ctx, t, t.Main)
	if err != nil {
		return nil, fmt.Errorf("listing the files of %s: %w", t.Ident, err)
	}
	if len(files) <= keptList {
		r.listing.mu.Lock()
		r.listing.lists[key] = files
		r.listing.mu.Unlock()
	}
	return files, nil
}
