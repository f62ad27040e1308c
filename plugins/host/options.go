// Package host starts plugins, talks to them and ends them. A plugin that crashes, hangs or breaks the protocol costs
// the call an error that says so, never the host.
package host

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Options say where providers come from and what they may use.
type Options struct {
	// Executable serves the built-in providers: it is started with the provider's name in its environment.
	Executable string
	BuiltIn    []string
	// Binaries are the programs of other providers, by the provider's name.
	Binaries map[string]string
	Log      *slog.Logger // nil: nothing is logged
	// CacheDir is where each provider gets a folder of its own that survives between runs.
	CacheDir string
	// BudgetBytes bounds the batches that are received and not yet taken by sinks; one a partition is always allowed.
	BudgetBytes int64
	// Stall is how long a read may send nothing before it counts as hung; else ETL_PLUGIN_STALL, else ten minutes.
	Stall time.Duration
	// Heartbeat is how often a plugin must show that it lives, ten seconds by default; three misses end it.
	Heartbeat time.Duration
	// Version of etl, for the plugins' logs.
	Version string
}

// Defaults and limits.
const (
	defaultBudget    = 128 << 20
	defaultStall     = 10 * time.Minute
	defaultHeartbeat = 10 * time.Second
	startTime        = 30 * time.Second
	graceTime        = 5 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.BudgetBytes <= 0 {
		o.BudgetBytes = defaultBudget
	}
	if o.Heartbeat <= 0 {
		o.Heartbeat = defaultHeartbeat
	}
	if o.Stall <= 0 {
		o.Stall = stallTime(o.Log)
	}
	return o
}

func stallTime(log *slog.Logger) time.Duration {
	text := os.Getenv("ETL_PLUGIN_STALL")
	if text == "" {
		return defaultStall
	}
	stall, err := time.ParseDuration(text)
	if err != nil || stall <= 0 {
		log.Warn("ETL_PLUGIN_STALL is no duration such as 30s or 10m; using the default", "value", text, "default", defaultStall)
		return defaultStall
	}
	return stall
}

// program is the path to start for a provider, and whether it is etl itself.
func (o Options) program(provider string) (path string, builtIn, known bool) {
	if path, known := o.Binaries[provider]; known {
		return path, false, true
	}
	return o.Executable, true, slices.Contains(o.BuiltIn, provider)
}

// Origin is where a batch's rows come from, and the number of its first row there.
type Origin struct {
	Source   string
	FirstRow int64
}

// Sink takes what a read sends, in the order in which it was sent, one call at a time.
type Sink interface {
	// Batch takes rows of exactly the asked columns. The batch and all values taken out of it are only good until Batch
	// returns, unless it is retained: its memory is used again when the last reference is released.
	Batch(ctx context.Context, origin Origin, rows arrow.RecordBatch) error
	File(ctx context.Context, f sdk.File) error
	Bad(ctx context.Context, rows []sdk.BadRow) error
	Checkpoint(ctx context.Context, partition string, cursor []byte) error
	Progress(rows, bytes int64)
}
