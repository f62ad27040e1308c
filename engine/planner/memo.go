package planner

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// memo remembers what was bound and type-checked once, by the hash of everything that went into it. It holds only what the
// last plan used, so it never grows beyond the project. A lost or broken memo costs time and nothing else.
type memo struct {
	path string
	mu   sync.Mutex
	old  map[string][]byte
	used map[string][]byte
	new  bool
}

// memoVersion changes whenever what is remembered changes its meaning.
const memoVersion = "7"

// openMemo reads the file: a line an entry, `KEY JSON`. Entries are decoded when they are asked for.
func openMemo(dir string) *memo {
	m := &memo{old: map[string][]byte{}, used: map[string][]byte{}}
	if dir == "" {
		return m
	}
	m.path = filepath.Join(dir, "bound.jsonl")
	text, err := os.ReadFile(m.path)
	if err != nil {
		return m
	}
	for line := range bytes.Lines(text) {
		if key, entry, ok := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(" ")); ok {
			m.old[string(key)] = entry
		}
	}
	return m
}

// memoKey hashes the parts of a key.
func memoKey(parts ...string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", memoVersion)
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s\n", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// get fills value and says whether the key was known.
func (m *memo) get(key string, value any) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, ok := m.old[key]
	if !ok || json.Unmarshal(raw, value) != nil {
		return false
	}
	m.used[key] = raw
	return true
}

func (m *memo) put(key string, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return // not remembered: bound again next time
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used[key], m.new = raw, true
}

// save writes the memo if the plan used other entries than the file has. A plan of some tables only forgets nothing.
func (m *memo) save(log *slog.Logger, partial bool) {
	if partial {
		for key, entry := range m.old {
			if _, used := m.used[key]; !used {
				m.used[key] = entry
			}
		}
	}
	if m.path == "" || (!m.new && len(m.used) == len(m.old)) {
		return
	}
	if err := m.write(); err != nil {
		log.Debug("the cache of bound queries was not saved", "path", m.path, "error", err)
	}
}

func (m *memo) write() error {
	var text bytes.Buffer
	for _, key := range slices.Sorted(maps.Keys(m.used)) {
		fmt.Fprintf(&text, "%s %s\n", key, m.used[key])
	}
	if err := os.MkdirAll(filepath.Dir(m.path), 0o755); err != nil {
		return err
	}
	next := fmt.Sprintf("%s.%d", m.path, os.Getpid())
	if err := os.WriteFile(next, text.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(next, m.path)
}
