package planner

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
)

// memo remembers what was bound and type-checked once, by the hash of everything that went into it. It holds only what the
// last plan used, so it never grows beyond the project. A lost or broken memo costs time and nothing else.
type memo struct {
	path string
	mu   sync.Mutex
	old  map[string]json.RawMessage
	used map[string]json.RawMessage
	new  bool
}

// memoVersion changes whenever what is remembered changes its meaning.
const memoVersion = "1"

func openMemo(dir string, log *slog.Logger) *memo {
	m := &memo{old: map[string]json.RawMessage{}, used: map[string]json.RawMessage{}}
	if dir == "" {
		return m
	}
	m.path = filepath.Join(dir, "bound.json")
	text, err := os.ReadFile(m.path)
	if err != nil {
		return m
	}
	if err := json.Unmarshal(text, &m.old); err != nil {
		log.Debug("the cache of bound queries is unreadable and made anew", "path", m.path, "error", err)
		m.old = map[string]json.RawMessage{}
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

// save writes the memo if the plan used other entries than the file has.
func (m *memo) save(log *slog.Logger) {
	if m.path == "" || (!m.new && len(m.used) == len(m.old)) {
		return
	}
	text, err := json.Marshal(m.used)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(m.path), 0o755)
	}
	if err == nil {
		next := fmt.Sprintf("%s.%d", m.path, os.Getpid())
		if err = os.WriteFile(next, text, 0o644); err == nil {
			err = os.Rename(next, m.path)
		}
	}
	if err != nil {
		log.Debug("the cache of bound queries was not saved", "path", m.path, "error", err)
	}
}
