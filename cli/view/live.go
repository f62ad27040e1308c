package view

import (
	"strconv"
	"strings"
	"time"
)

// mostLines is how many running tables a terminal shows; the rest is counted.
const mostLines = 12

// draw prints the live part anew, not more often than a person can see.
func (p *Progress) draw(now bool) {
	at := p.opt.Now()
	if !now && at.Sub(p.drawnAt) < redraw {
		return
	}
	p.erase()
	lines := p.live(at)
	for _, l := range lines {
		p.write(cut(l, p.opt.width()-1) + "\n")
	}
	p.drawn, p.drawnAt = len(lines), at
}

// erase takes the live part off the terminal.
func (p *Progress) erase() {
	if p.drawn > 0 {
		p.write("\x1b[" + strconv.Itoa(p.drawn) + "A\x1b[J")
	}
	p.drawn = 0
}

// live is a line a running table.
func (p *Progress) live(at time.Time) []string {
	names := 0
	for _, t := range p.running[:min(len(p.running), mostLines)] {
		names = max(names, columns(visible(t.address)))
	}
	var lines []string
	for i, t := range p.running {
		if i == mostLines {
			lines = append(lines, "… and "+Plural(int64(len(p.running)-i), "table")+" more")
			break
		}
		lines = append(lines, pad(visible(t.address), names)+"  "+t.state(at))
	}
	return lines
}

// state is what a running table has done so far, and how long it will take.
func (t *task) state(at time.Time) string {
	parts := []string{visible(t.action)}
	took := at.Sub(t.started)
	if t.rows > 0 {
		parts = append(parts, Plural(t.rows, "row"))
		if took >= time.Second {
			parts = append(parts, Count(int64(float64(t.rows)/took.Seconds()))+" rows/s")
		}
	}
	if t.bytes > 0 {
		parts = append(parts, Bytes(t.bytes))
	}
	parts = append(parts, Duration(took.Truncate(time.Second)))
	if left, ok := t.left(took); ok {
		parts = append(parts, Duration(left)+" left")
	}
	return strings.Join(parts, "  ")
}

// left is the time that the estimate leaves, if there is one and it is not used up.
func (t *task) left(took time.Duration) (time.Duration, bool) {
	if t.expected <= t.rows || t.rows == 0 || took < time.Second {
		return 0, false
	}
	ratio := float64(t.expected-t.rows) / float64(t.rows)
	return time.Duration(float64(took) * ratio).Round(time.Second), true
}
