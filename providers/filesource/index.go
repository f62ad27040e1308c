package filesource

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// indexVersion changes with what is remembered and with how types are inferred.
const indexVersion = 1

// settled is how old a file's modification time must be before it is trusted: a file system whose clock is coarse gives
// two contents that follow each other closely the same time.
const settled = 2 * time.Second

// index remembers what was found out about files, so that an unchanged file is never opened again. It lives in the
// cache folder and may vanish at any time.
type index struct {
	path    string // empty: nowhere to remember
	entries map[string]entry
	pool    []coltype.Schema
	changed bool
}

type entry struct {
	state
	sha      string
	evidence int // into the pool; -1 means not inferred
	rows     int64
	sampled  bool
}

type indexJSON struct {
	Version  int              `json:"v"`
	Paths    []string         `json:"path"`
	Sizes    []int64          `json:"size"`
	Mtimes   []int64          `json:"mtime_ns"`
	Inodes   []uint64         `json:"inode"`
	SHA256   []byte           `json:"sha256"`
	Evidence []int            `json:"evidence"`
	Rows     []int64          `json:"rows"`
	Sampled  []bool           `json:"sampled"`
	Pool     []coltype.Schema `json:"pool"`
}

// openIndex reads what is remembered for files read with the given options. What can't be read counts as forgotten.
func openIndex(dir, key string) *index {
	x := &index{entries: map[string]entry{}}
	if dir == "" {
		return x
	}
	name := sha256.Sum256([]byte(key))
	x.path = filepath.Join(dir, "files-"+hex.EncodeToString(name[:12])+".idx")
	data, err := os.ReadFile(x.path)
	if err != nil {
		return x
	}
	var in indexJSON
	text, err := unpack(data)
	if err != nil || json.Unmarshal(text, &in) != nil || in.Version != indexVersion || !in.consistent() {
		return x
	}
	x.fill(in)
	return x
}

func (in *indexJSON) consistent() bool {
	n := len(in.Paths)
	for _, e := range in.Evidence {
		if e < -1 || e >= len(in.Pool) {
			return false
		}
	}
	return len(in.Sizes) == n && len(in.Mtimes) == n && len(in.Inodes) == n && len(in.SHA256) == n*shaSize &&
		len(in.Evidence) == n && len(in.Rows) == n && len(in.Sampled) == n
}

func (x *index) fill(in indexJSON) {
	hashes := string(in.SHA256)
	x.pool = in.Pool
	for i, path := range in.Paths {
		x.entries[path] = entry{
			state:    state{in.Sizes[i], in.Mtimes[i], in.Inodes[i]},
			sha:      hashes[i*shaSize : (i+1)*shaSize],
			evidence: in.Evidence[i], rows: in.Rows[i], sampled: in.Sampled[i],
		}
	}
}

// find returns what is known of a file as it is now. Without a hit by state, nothing is known.
func (x *index) find(f File) (entry, bool) {
	e, ok := x.entries[f.Path]
	if !ok || e.state != f.state() {
		return entry{evidence: -1}, false
	}
	return e, true
}

// hashed remembers a file's content; evidence of the same content stays valid.
func (x *index) hashed(f File) {
	old, ok := x.entries[f.Path]
	e := entry{state: f.state(), sha: f.SHA256, evidence: -1}
	if ok && old.sha == f.SHA256 {
		e.evidence, e.rows, e.sampled = old.evidence, old.rows, old.sampled
	}
	x.entries[f.Path], x.changed = e, true
}

func (x *index) inferred(f File, found Evidence) {
	e := x.entries[f.Path]
	e.evidence, e.rows, e.sampled = x.pooled(found.Columns), found.Rows, found.Sampled
	x.entries[f.Path], x.changed = e, true
}

// pooled finds an equal schema from the end: neighbouring files are mostly alike.
func (x *index) pooled(columns coltype.Schema) int {
	for i := len(x.pool) - 1; i >= 0 && i >= len(x.pool)-16; i-- {
		if x.pool[i].Equal(columns) {
			return i
		}
	}
	x.pool = append(x.pool, columns)
	return len(x.pool) - 1
}

func (x *index) evidence(f File) (Evidence, bool) {
	e, ok := x.find(f)
	if !ok || e.evidence < 0 {
		return Evidence{}, false
	}
	return Evidence{Columns: x.pool[e.evidence], Rows: e.rows, Sampled: e.sampled}, true
}

// save keeps only the given files, and of those only the settled. It replaces the index as a whole, so that a reader
// sees the old or the new one.
func (x *index) save(files []File) error {
	if x.path == "" || !x.changed {
		return nil
	}
	out := indexJSON{Version: indexVersion, Pool: x.pool}
	trusted := time.Now().Add(-settled).UnixNano()
	for _, f := range files {
		e, ok := x.find(f)
		if !ok || e.mtime > trusted {
			continue
		}
		out.Paths, out.Sizes, out.Mtimes = append(out.Paths, f.Path), append(out.Sizes, e.size), append(out.Mtimes, e.mtime)
		out.Inodes, out.SHA256 = append(out.Inodes, e.inode), append(out.SHA256, e.sha...)
		out.Evidence, out.Rows = append(out.Evidence, e.evidence), append(out.Rows, e.rows)
		out.Sampled = append(out.Sampled, e.sampled)
	}
	text, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("remembering files: %w", err)
	}
	data, err := pack(text)
	if err != nil {
		return fmt.Errorf("remembering files: %w", err)
	}
	return replaceFile(x.path, data)
}

func replaceFile(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".files-*")
	if err != nil {
		return fmt.Errorf("remembering files: %w", err)
	}
	_, err = temporary.Write(data)
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		_ = os.Remove(temporary.Name())
		return fmt.Errorf("remembering files: %w", err)
	}
	return nil
}
