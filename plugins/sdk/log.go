package sdk

import (
	"context"
	"io"
	"log/slog"
	"strconv"
)

// Logger logs to the host, under the address of the block that ctx belongs to. slog's own functions do as well where
// they are given the ctx.
func Logger(ctx context.Context) *slog.Logger {
	logger := slog.Default()
	if address, ok := ctx.Value(addressKey{}).(string); ok {
		return logger.With(addressAttribute, address)
	}
	return logger
}

const addressAttribute = "address"

type addressKey struct{}

func withAddress(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, addressKey{}, address)
}

// addressed adds the address in ctx to each record.
type addressed struct{ slog.Handler }

func (h addressed) Handle(ctx context.Context, r slog.Record) error {
	if address, ok := ctx.Value(addressKey{}).(string); ok {
		r = r.Clone()
		r.AddAttrs(slog.String(addressAttribute, address))
	}
	return h.Handler.Handle(ctx, r)
}

func (h addressed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return addressed{h.Handler.WithAttrs(attrs)}
}

func (h addressed) WithGroup(name string) slog.Handler { return addressed{h.Handler.WithGroup(name)} }

// newLogger writes what the host parses: a JSON object a line, from the level that the host logs.
func newLogger(w io.Writer, level string) *slog.Logger {
	least := slog.LevelInfo
	if n, err := strconv.Atoi(level); err == nil {
		least = slog.Level(n)
	}
	return slog.New(addressed{slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least})})
}
