package host

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

const (
	tailLines = 20
	maxLine   = 64 << 10
)

// lines cuts what a process writes into lines. It is the Writer of one stream.
type lines struct {
	mu   sync.Mutex
	rest []byte
	take func(line string)
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) < maxLine {
			return len(p), nil
		}
		if end < 0 || end > maxLine {
			l.take(string(l.rest[:maxLine]))
			l.rest = l.rest[maxLine:]
			continue
		}
		l.take(strings.TrimSuffix(string(l.rest[:end]), "\r"))
		l.rest = l.rest[end+1:]
	}
}

// flush takes a last line that has no end.
func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rest) > 0 {
		l.take(string(l.rest))
		l.rest = nil
	}
}

// journal is a process's standard error: structured lines go to the log under the block's address, and the last words
// are kept for the day it dies. The stacks of a crash are for the log alone.
type journal struct {
	log *slog.Logger
	mu  sync.Mutex
	// tail holds the last lines; dumping is set while the Go runtime prints stacks, after which it prints nothing else.
	tail    []string
	dumping bool
}

func (j *journal) line(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	if text[0] == '{' && j.structured(text) {
		return
	}
	j.log.Info(text, "stream", "stderr")
	j.keep(text)
}

func (j *journal) keep(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if strings.HasPrefix(text, "goroutine ") || strings.HasPrefix(text, "runtime stack:") {
		j.dumping = true
	}
	if j.dumping {
		return
	}
	j.tail = append(j.tail, strings.ToValidUTF8(text, "\uFFFD"))
	if len(j.tail) > tailLines {
		j.tail = j.tail[1:]
	}
}

func (j *journal) last() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.tail)
}

// structured logs a line of the SDK's slog handler or of go-plugin's hclog; it reports whether the line is one.
func (j *journal) structured(text string) bool {
	var record map[string]any
	if err := json.Unmarshal([]byte(text), &record); err != nil {
		return false
	}
	message, level, ok := headOf(record)
	if !ok {
		return false
	}
	var attrs []slog.Attr
	for _, name := range sortedKeys(record) {
		attrs = append(attrs, slog.Any(name, record[name]))
	}
	j.log.LogAttrs(context.Background(), level, message, attrs...)
	if level >= slog.LevelError {
		j.keep(message)
	}
	return true
}

// headOf takes message and level out of a record.
func headOf(record map[string]any) (string, slog.Level, bool) {
	for _, names := range [][3]string{{"msg", "level", "time"}, {"@message", "@level", "@timestamp"}} {
		message, isText := record[names[0]].(string)
		word, hasLevel := record[names[1]].(string)
		var level slog.Level
		if !isText || !hasLevel || level.UnmarshalText([]byte(strings.ToUpper(word))) != nil {
			continue
		}
		for _, name := range names {
			delete(record, name)
		}
		return message, level, true
	}
	return "", 0, false
}

func sortedKeys(record map[string]any) []string {
	names := make([]string, 0, len(record))
	for name := range record {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
