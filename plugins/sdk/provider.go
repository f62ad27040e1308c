// Package sdk is what a plugin is written against: implement Provider, call Serve in main. The built-in providers use
// this package and nothing else of etl.
package sdk

import (
	"context"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Provider is a connector. Its methods may be called concurrently; all but Schema may be slow and honour ctx.
type Provider interface {
	// Schema describes the provider's blocks. It is constant.
	Schema() schema.Provider
	// Capabilities are constant too.
	Capabilities() Capabilities
	// Validate checks what the schema can't say, without touching the source. Unknown values are possible.
	Validate(ctx context.Context, cfg Config) Diagnostics
	// Check opens the source cheaply and diagnoses what keeps it from being read.
	Check(ctx context.Context, cfg Config) Diagnostics
	// Discover lists what the source offers.
	Discover(ctx context.Context, cfg Config) ([]Stream, Diagnostics)
	// Plan says what a Read from a cursor would do. It changes nothing anywhere.
	Plan(ctx context.Context, cfg Config, req PlanRequest) (*PlanResponse, Diagnostics)
	// Read sends rows to out until the request's end and returns nil only when everything was sent.
	// A Diagnostics value may be returned as the error (it implements error).
	Read(ctx context.Context, cfg Config, req ReadRequest, out Output) error
}

// Capabilities say what the host may rely on.
type Capabilities struct {
	Replay     bool `json:"replay"`     // can read again from a recorded cursor
	Bounds     bool `json:"bounds"`     // honours ReadRequest.Until
	Partitions bool `json:"partitions"` // Plan may return several partitions
	Files      bool `json:"files"`      // may hand over finished Parquet files
	Follow     bool `json:"follow"`     // is a Follower; set by the SDK, whatever the provider says
}

// Config is one source block with its connection, decoded by the host: object values of the types that the provider's
// schema implies, secrets resolved. Column references are strings.
type Config struct {
	Address    string    // of the source block, for messages and logs
	Dir        string    // the project's folder: relative paths are relative to it
	Project    string    // the project's name, for what a Follower keeps at the source
	Lakehouse  string    // the lakehouse's own id, for the same; empty where nothing is planned or read
	Connection cty.Value // cty.NilVal where there is none
	Source     cty.Value
	Mode       string // batch, incremental, delta
	Extract    cty.Value
}

// Stream is one thing that can be read.
type Stream struct {
	Name    string // as it is written in a source block
	Columns coltype.Schema
	Keys    [][]string
	Cursors []string // columns that could serve as cursor, the best first
	// Unindexed are those of the cursors that no index begins with, so that each read by one looks at all rows.
	Unindexed []string
	Rows      int64 // estimate; -1 unknown
	Bytes     int64 // estimate; -1 unknown
	// Attributes choose the stream in a source block, in addition to what Discover was asked with: {"table": "sales.orders"}.
	// Nil: where sources need a connection, the first text of a source block is the name, unless it was set or query was.
	Attributes map[string]string
}

// PlanRequest asks about a read.
type PlanRequest struct {
	// Cursor is what the host recorded after the last read: partition → the provider's bytes. Empty on the first read.
	Cursor map[string][]byte
	// Discarded is the cursor of rows that this read, which starts anew, takes the place of.
	Discarded map[string][]byte
	// Columns is the recorded schema of what was read so far, empty on the first read: what a provider infers is
	// widened with it, never narrowed.
	Columns coltype.Schema
	// CacheDir is a private folder of the provider's that survives between runs and may be lost at any time.
	CacheDir string
}

// PlanResponse says what a read would do.
type PlanResponse struct {
	Columns   coltype.Schema
	Resumable bool   // reading can go on from the cursor
	Changed   bool   // there is something to read (true on the first read)
	Rows      int64  // estimate; -1 unknown
	Bytes     int64  // estimate; -1 unknown
	AtLeast   bool   // the estimates are lower bounds
	Until     []byte // the furthest position now; Read stops there; nil without the capability
	Position  string // what is new, in words a person reads: `2 new files: data/flights-12.csv, …`
	// Fingerprint identifies all that a batch read would return; equal fingerprints mean nothing to do. Empty: unknown.
	Fingerprint string
	Partitions  []string // what can be read in parallel; empty means one
	Warnings    Diagnostics
	// FieldChanges are inferred types that changed against the recorded columns, for the plan's text.
	FieldChanges []string
	// Key is what identifies a row of a delta read (a primary key, a replica identity); empty where nothing does.
	Key []string
	// Overlap is set where an incremental read sends some rows again.
	Overlap *Overlap
	// Creates is what Prepare would create at the source, in words: `replication slot etl_shop_orders`.
	Creates []string
	// Snapshot says that a delta read starts with a snapshot, rather than going on from the cursor.
	Snapshot bool
	// Lost is what was read up to PlanRequest.Discarded and can't be read again, in words: `1 vanished file: data/flights-01.csv`.
	Lost []string
}

// ReadRequest asks for rows.
type ReadRequest struct {
	Columns   coltype.Schema // exactly the columns to send, with Iceberg field ids where Staging is set
	Cursor    map[string][]byte
	Until     []byte
	Partition string // one of PlanResponse.Partitions, or empty
	BatchSize int    // rows wanted a batch
	// MaxBadRows is how many bad rows the host will take before it fails the load; a hint to stop early.
	MaxBadRows int64
	// Staging is set where the host takes finished files (capability Files).
	Staging *Staging
	// KeysOnly asks what is still there: Columns are those of the key, Cursor and Until are empty, and the rows wanted are
	// all that the source has now. A provider that overlooks it reads the same, only dearer. Checkpoints mean nothing.
	KeysOnly bool
}

// Staging asks for finished Parquet files instead of batches. The files hold ReadRequest.Columns followed by the
// provenance columns, all with Iceberg field ids.
type Staging struct {
	Dir         string         // an existing private folder; file names are the provider's
	Provenance  coltype.Schema // _etl_run, _etl_loaded_at, _etl_source, _etl_row in this order, with field ids
	RunID       string
	LoadedAt    int64 // microseconds since 1970, UTC
	Compression string
	TargetBytes int64 // aim for the size of a file
	MemoryLimit string
	Threads     int
}

// Output is where Read sends what it found. Its methods may be called from one goroutine only.
type Output interface {
	// Batch sends rows over the data plane; the batch must have exactly the request's columns. It blocks while the
	// host's byte budget is used up. Sources and row numbers are numbered by the host unless Origin was called.
	Batch(ctx context.Context, rows arrow.RecordBatch) error
	// Origin names what the following batches come from (`data/a.csv`) and the number of their first row.
	Origin(source string, firstRow int64)
	// File hands over a finished file below Staging.Dir.
	File(ctx context.Context, f File) error
	// Bad reports rows that can't be represented. They go to the table's quarantine.
	Bad(ctx context.Context, rows []BadRow) error
	// Checkpoint says that everything sent so far corresponds to this cursor of this partition.
	Checkpoint(ctx context.Context, partition string, cursor []byte) error
	// Progress is shown to a person; it carries totals, not increments.
	Progress(rows, bytes int64)
}

// File is a finished Parquet file.
type File struct {
	Path string // absolute, below Staging.Dir
	Rows int64
}

// BadRow is a row that can't be represented in the stream's columns.
type BadRow struct {
	Raw      string // the row as the source had it, at most 64 KiB of it
	Reason   string
	Source   string // file, table, topic
	Position string // `line 17`, `key 4711`
}

// Diagnostic is a message for the user about the provider's block.
type Diagnostic struct {
	Severity string   `json:"severity"` // error or warning
	Summary  string   `json:"summary"`  // fixed words, no user's names
	Detail   string   `json:"detail"`   // what, why and how to fix it, in full sentences
	Path     []string `json:"path"`     // attribute names into the block; empty means the whole block
}

// Diagnostics is a list of messages. It is an error where one of them is.
type Diagnostics []Diagnostic
