package view

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// ProgressOptions say how progress is printed.
type ProgressOptions struct {
	Options
	// Terminal redraws a line a running table; otherwise each event is a line of its own.
	Terminal bool
	// Now is the clock; nil means the machine's.
	Now func() time.Time
}

// Outcomes of a table.
const (
	Done        = "done"
	Failed      = "failed"
	Skipped     = "skipped"
	Interrupted = "interrupted"
)

// Progress shows an apply at work. It is safe for concurrent use; what is finished stays printed in the order in which
// it finished.
type Progress struct {
	mu      sync.Mutex
	w       io.Writer
	opt     ProgressOptions
	hide    redactor
	running []*task
	drawn   int // lines of the live part that stand on the terminal
	drawnAt time.Time
	err     error
}

// task is a table being worked on.
type task struct {
	address, action string
	rows, bytes     int64
	expected        int64
	started, told   time.Time
}

// redraw is how often the live part of a terminal changes; tell is how often a JSON reader hears of the same table.
const (
	redraw = 100 * time.Millisecond
	tell   = time.Second
)

// NewProgress prints to w, which is standard error for all commands.
func NewProgress(w io.Writer, opt ProgressOptions) *Progress {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	return &Progress{w: w, opt: opt, hide: newRedactor(opt.Sensitive)}
}

// Start says that work on a table begins.
func (p *Progress) Start(address, action string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opt.Now()
	p.running = append(p.running, &task{address: address, action: action, expected: -1, started: now, told: now})
	switch {
	case p.opt.JSON:
		p.event(startEvent{Type: "start", Address: address, Action: action})
	case p.opt.Terminal:
		p.draw(true)
	default:
		p.write(visible(address) + ": " + visible(action) + " started\n")
	}
}

// Expect says how many rows the plan estimated, for the time that is left.
func (p *Progress) Expect(address string, rows int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t := p.task(address); t != nil {
		t.expected = rows
	}
}

// Update says how many rows and bytes are read so far.
func (p *Progress) Update(address string, rows, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.task(address)
	if t == nil {
		return
	}
	t.rows, t.bytes = rows, bytes
	switch now := p.opt.Now(); {
	case p.opt.JSON && now.Sub(t.told) >= tell:
		t.told = now
		p.event(updateEvent{Type: "update", Address: address, Rows: rows, Bytes: bytes})
	case p.opt.Terminal && !p.opt.JSON:
		p.draw(false)
	}
}

// Done says how work on a table ended; a table that never started may end too, as skipped.
func (p *Progress) Done(address, outcome string, rows int64, took time.Duration, detail string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	action := p.remove(address)
	detail = p.hide.text(detail)
	if p.opt.JSON {
		p.event(doneEvent{"done", address, action, outcome, rows, took.Milliseconds(), detail})
		return
	}
	p.erase()
	p.write(p.finished(address, action, outcome, rows, took, detail))
	if p.opt.Terminal {
		p.draw(true)
	}
}

// Close removes the live part. It returns the first error of printing.
func (p *Progress) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.erase()
	p.running = nil
	return p.err
}

// finished is the line that stays.
func (p *Progress) finished(address, action, outcome string, rows int64, took time.Duration, detail string) string {
	var parts []string
	if action != "" {
		parts = append(parts, visible(action))
	}
	s := outcomeStyle(outcome)
	parts = append(parts, p.opt.paint(s, visible(outcome)))
	text := visible(address) + ": " + strings.Join(parts, " ")
	if rows > 0 || outcome == Done && rows == 0 {
		text += ", " + Plural(rows, "row")
	}
	if took > 0 {
		text += " in " + Duration(took)
	}
	if detail != "" {
		text += "; " + visible(detail)
	}
	return text + "\n"
}

func outcomeStyle(outcome string) style {
	switch outcome {
	case Done:
		return green
	case Failed:
		return red
	case Skipped, Interrupted:
		return yellow
	default:
		return plain
	}
}

func (p *Progress) task(address string) *task {
	for _, t := range p.running {
		if t.address == address {
			return t
		}
	}
	return nil
}

// remove ends a task and returns its action.
func (p *Progress) remove(address string) string {
	for i, t := range p.running {
		if t.address == address {
			p.running = append(p.running[:i:i], p.running[i+1:]...)
			return t.action
		}
	}
	return ""
}

func (p *Progress) event(e any) {
	if err := writeEvent(p.w, e); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *Progress) write(text string) {
	if _, err := io.WriteString(p.w, text); err != nil && p.err == nil {
		p.err = fmt.Errorf("printing progress: %w", err)
	}
}

// The events for programs.
type (
	startEvent struct {
		Type    string `json:"type"`
		Address string `json:"address"`
		Action  string `json:"action"`
	}
	updateEvent struct {
		Type    string `json:"type"`
		Address string `json:"address"`
		Rows    int64  `json:"rows"`
		Bytes   int64  `json:"bytes"`
	}
	doneEvent struct {
		Type         string `json:"type"`
		Address      string `json:"address"`
		Action       string `json:"action,omitempty"`
		Outcome      string `json:"outcome"`
		Rows         int64  `json:"rows"`
		Milliseconds int64  `json:"milliseconds"`
		Detail       string `json:"detail,omitempty"`
	}
)
