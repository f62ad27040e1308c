package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// clock is a time that moves when it is told to.
type clock struct{ at time.Time }

func (c *clock) now() time.Time                        { return c.at }
func (c *clock) pass(d time.Duration)                  { c.at = c.at.Add(d) }
func newClock() *clock                                 { return &clock{time.Date(2026, 11, 23, 2, 10, 0, 0, time.UTC)} }
func (c *clock) opt(o ProgressOptions) ProgressOptions { o.Now = c.now; return o }

// load is the events of one run.
func load(p *Progress, c *clock) {
	p.Start("table.bronze.flights", "create")
	p.Expect("table.bronze.flights", 336_776)
	p.Start("table.bronze.planes", "create")
	c.pass(2 * time.Second)
	p.Update("table.bronze.flights", 84_194, 9_000_000)
	p.Update("table.unknown", 1, 1)
	p.Done("table.bronze.planes", Done, 3322, 240*time.Millisecond, "")
	c.pass(2 * time.Second)
	p.Update("table.bronze.flights", 168_388, 18_000_000)
	p.Done("table.bronze.flights", Failed, 0, 4*time.Second, "the password hunter2 was refused")
	p.Done("table.silver.flights", Skipped, 0, 0, "table.bronze.flights failed")
	p.Done("table.gold.empty", Done, 0, time.Millisecond, "2 rows in quarantine")
}

func TestProgressGolden(t *testing.T) {
	secret := Options{Sensitive: []string{"hunter2"}}
	for name, opt := range map[string]ProgressOptions{
		"progress.txt":          {Options: secret},
		"progress_terminal.txt": {Options: secret, Terminal: true},
		"progress.jsonl":        {Options: Options{JSON: true, Sensitive: secret.Sensitive}, Terminal: true},
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			c := newClock()
			p := NewProgress(&b, c.opt(opt))
			load(p, c)
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(b.String(), "hunter2") {
				t.Error("a secret is printed")
			}
			golden(t, name, bytes.ReplaceAll(b.Bytes(), []byte("\x1b"), []byte("<ESC>")))
		})
	}
}

// screen plays what a terminal would show: cursor up and erase below.
func screen(text string) []string {
	var lines []string
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "\x1b["); ok {
			var up int
			if n, err := fmt.Sscanf(rest, "%dA", &up); n == 1 && err == nil {
				lines = lines[:max(0, len(lines)-up)]
			}
			text = rest[strings.Index(rest, "J")+1:]
			continue
		}
		line, rest, _ := strings.Cut(text, "\n")
		lines, text = append(lines, line), rest
	}
	return lines
}

func TestTerminalKeepsOnlyWhatIsFinished(t *testing.T) {
	var b bytes.Buffer
	c := newClock()
	p := NewProgress(&b, c.opt(ProgressOptions{Terminal: true}))
	for i := range 40 {
		p.Start(fmt.Sprintf("table.bronze.t%02d", i), "refresh")
	}
	if shown := screen(b.String()); len(shown) != mostLines+1 || shown[mostLines] != "… and 28 tables more" {
		t.Errorf("a running part of %d lines: %q", len(shown), shown)
	}
	for i := range 40 {
		p.Done(fmt.Sprintf("table.bronze.t%02d", i), Done, int64(i+1), time.Second, "")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	shown := screen(b.String())
	if len(shown) != 40 {
		t.Fatalf("%d lines are left: %q", len(shown), shown)
	}
	for i, l := range shown {
		if !strings.HasPrefix(l, fmt.Sprintf("table.bronze.t%02d: refresh done, ", i)) {
			t.Errorf("line %d is %q", i, l)
		}
	}
}

func TestProgressFromManyAtOnce(t *testing.T) {
	var b bytes.Buffer
	p := NewProgress(&b, ProgressOptions{Options: Options{JSON: true}})
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			address := fmt.Sprintf("table.bronze.t%d", i)
			p.Start(address, "create")
			for n := range int64(50) {
				p.Update(address, n, n*10)
			}
			p.Done(address, Done, 50, time.Millisecond, "")
		})
	}
	all.Wait()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	open, done := map[string]bool{}, 0
	for line := range strings.SplitSeq(strings.TrimSpace(b.String()), "\n") {
		var event struct{ Type, Address string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		switch event.Type {
		case "start":
			open[event.Address] = true
		case "done":
			if !open[event.Address] {
				t.Errorf("%s ended before it started", event.Address)
			}
			done++
		}
	}
	if done != 32 {
		t.Errorf("%d ends, want 32", done)
	}
}

// closed is a pipe whose reader has gone.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestProgressSaysThatItCouldNotPrint(t *testing.T) {
	p := NewProgress(closed{}, ProgressOptions{})
	p.Start("table.bronze.a", "create")
	if err := p.Close(); err == nil {
		t.Error("no error")
	}
}
