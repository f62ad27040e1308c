package sdk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestDiagnostics(t *testing.T) {
	warning := Warning("Slow", "It has no index.", "cursor")
	failure := Error("Missing", "There is none.").At("connection", "dsn")
	if (Diagnostics{warning}).HasErrors() || !(Diagnostics{warning, failure}).HasErrors() {
		t.Error("warnings are no errors, errors are")
	}
	want := "cursor: Slow: It has no index.\nconnection.dsn: Missing: There is none."
	if got := (Diagnostics{warning, failure}).Error(); got != want {
		t.Errorf("got %q", got)
	}
	wrapped := fmt.Errorf("reading: %w", Diagnostics{failure})
	if got := diagnosticsOf(wrapped, "reading"); len(got) != 1 || got[0].Summary != "Missing" {
		t.Errorf("wrapped diagnostics became %v", got)
	}
	if got := diagnosticsOf(errors.New("no route"), "reading"); !strings.Contains(got.Error(), "while reading: no route.") {
		t.Errorf("an error became %v", got)
	}
	if got := diagnosticsOf(nil, "reading"); got != nil {
		t.Errorf("no error became %v", got)
	}
}

func TestShort(t *testing.T) {
	if got := short("a\xffb"); got != "a\uFFFDb" {
		t.Errorf("got %q", got)
	}
	long := short(strings.Repeat("é", maxRaw))
	if len(long) > maxRaw || !utf8.ValidString(long) {
		t.Errorf("cut to %d bytes, valid: %v", len(long), utf8.ValidString(long))
	}
	if odd := short("x" + strings.Repeat("é", maxRaw)); !utf8.ValidString(odd) {
		t.Error("a character was cut in two")
	}
}

func TestStopWaitsForTheEnd(t *testing.T) {
	c := calls{running: map[string]*call{}}
	ctx, end := c.begin(t.Context(), "one")
	other, endOther := c.begin(t.Context(), "two")
	defer endOther()
	stopped := make(chan error)
	go func() { stopped <- c.stop(t.Context(), "one") }()
	<-ctx.Done()
	select {
	case err := <-stopped:
		t.Fatalf("stop returned %v before the call had ended", err)
	case <-time.After(10 * time.Millisecond):
	}
	end()
	if err := <-stopped; err != nil || other.Err() != nil {
		t.Errorf("stop gave %v; the other call has %v", err, other.Err())
	}
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.stop(soon, ""); !errors.Is(err, context.DeadlineExceeded) || other.Err() == nil {
		t.Errorf("stopping all gave %v, %v", err, other.Err())
	}
}

func TestLogsCarryTheAddress(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(&out, "-4")
	log.With("a", 1).WithGroup("g").DebugContext(withAddress(t.Context(), "source.csv.x"), "hello")
	if text := out.String(); !strings.Contains(text, "source.csv.x") || !strings.Contains(text, `"level":"DEBUG"`) {
		t.Errorf("logged %s", text)
	}
	out.Reset()
	newLogger(&out, "").Debug("too little")
	slog.New(newLogger(&out, "8").Handler()).Warn("too little")
	if out.Len() > 0 {
		t.Errorf("logged %s", &out)
	}
}
