package planner

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
)

func remembered(dir, key string) string {
	var value string
	openMemo(dir).get(key, &value)
	return value
}

func TestMemo(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	m := openMemo(dir)
	m.put("a", "one\nline\ttwo")
	m.put("b", "two")
	m.save(log, false)
	if got := remembered(dir, "a"); got != "one\nline\ttwo" {
		t.Errorf("a is %q", got)
	}
	// A plan of some tables forgets nothing; one of all forgets what it didn't use.
	for _, partial := range []bool{true, false} {
		m = openMemo(dir)
		var value string
		m.get("a", &value)
		m.save(log, partial)
		if got := remembered(dir, "b") != ""; got != partial {
			t.Errorf("partial %v: b is remembered: %v", partial, got)
		}
	}
}

// TestBrokenMemo costs time and nothing else.
func TestBrokenMemo(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.DiscardHandler)
	m := openMemo(dir)
	m.put("a", "one")
	m.put("b", "two")
	m.save(log, false)
	path := filepath.Join(dir, "bound.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(text) {
		if err := os.WriteFile(path, text[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		for key, want := range map[string]string{"a": "one", "b": "two"} {
			if got := remembered(dir, key); got != "" && got != want {
				t.Errorf("cut at %d, %s is %q", cut, key, got)
			}
		}
	}
}
