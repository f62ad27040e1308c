package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// secrecy hides the secrets that were read in all that is said from then on: in logs, in errors, and in what providers
// say, who may repeat what they were told.
type secrecy struct {
	mu   sync.RWMutex
	hide func(string) string // nil: there are none yet
}

// keep takes the secrets of a project.
func (s *secrecy) keep(secrets []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(secrets) > 0 {
		s.hide = view.Hider(secrets)
	}
}

func (s *secrecy) text(text string) string {
	s.mu.RLock()
	hide := s.hide
	s.mu.RUnlock()
	if hide == nil {
		return text
	}
	return hide(text)
}

func (s *secrecy) texts(texts []string) []string {
	for i := range texts {
		texts[i] = s.text(texts[i])
	}
	return texts
}

func (s *secrecy) diagnostics(said sdk.Diagnostics) sdk.Diagnostics {
	for i := range said {
		said[i].Summary, said[i].Detail = s.text(said[i].Summary), s.text(said[i].Detail)
	}
	return said
}

func (s *secrecy) plan(p *sdk.PlanResponse) *sdk.PlanResponse {
	if p == nil {
		return nil
	}
	p.Position, p.Fingerprint = s.text(p.Position), s.text(p.Fingerprint)
	p.Warnings, p.FieldChanges, p.Creates = s.diagnostics(p.Warnings), s.texts(p.FieldChanges), s.texts(p.Creates)
	return p
}

// failure is an error of a provider's, of the same kind.
func (s *secrecy) failure(err error) error {
	var said sdk.Diagnostics
	var died *host.DiedError
	var broke *host.ProtocolError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &said):
		return s.diagnostics(said)
	case errors.As(err, &died):
		hidden := *died
		hidden.Stderr = s.texts(hidden.Stderr)
		return &hidden
	case errors.As(err, &broke):
		hidden := *broke
		hidden.Reason = s.text(hidden.Reason)
		return &hidden
	}
	return err
}

// discreet is a sink in whose bad rows no secret stands. What the source holds is data, and stays as it is.
type discreet struct {
	host.Sink
	secrecy *secrecy
}

// Bad is part of host.Sink.
func (d discreet) Bad(ctx context.Context, rows []sdk.BadRow) error {
	for i := range rows {
		rows[i].Reason, rows[i].Position = d.secrecy.text(rows[i].Reason), d.secrecy.text(rows[i].Position)
	}
	return d.Sink.Bad(ctx, rows)
}

// logging is a log in which no secret stands.
type logging struct {
	slog.Handler
	secrecy *secrecy
}

// Handle is part of slog.Handler.
func (l logging) Handle(ctx context.Context, r slog.Record) error {
	hidden := slog.NewRecord(r.Time, r.Level, l.secrecy.text(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		hidden.AddAttrs(l.attr(a))
		return true
	})
	return l.Handler.Handle(ctx, hidden)
}

// WithAttrs is part of slog.Handler.
func (l logging) WithAttrs(attrs []slog.Attr) slog.Handler {
	hidden := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		hidden[i] = l.attr(a)
	}
	return logging{l.Handler.WithAttrs(hidden), l.secrecy}
}

// WithGroup is part of slog.Handler.
func (l logging) WithGroup(name string) slog.Handler {
	return logging{l.Handler.WithGroup(name), l.secrecy}
}

func (l logging) attr(a slog.Attr) slog.Attr {
	value := a.Value.Resolve()
	switch value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, l.secrecy.text(value.String()))
	case slog.KindGroup:
		group := make([]slog.Attr, 0, len(value.Group()))
		for _, member := range value.Group() {
			group = append(group, l.attr(member))
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(group...)}
	case slog.KindAny:
		text := fmt.Sprint(value.Any())
		if hidden := l.secrecy.text(text); hidden != text {
			return slog.String(a.Key, hidden)
		}
	}
	return slog.Attr{Key: a.Key, Value: value}
}
