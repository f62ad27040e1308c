package plan

import (
	"encoding/json"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// QuarantineSuffix ends the names of quarantine tables; no declared table may end so.
const QuarantineSuffix = "__quarantine"

// Kinds of work.
const (
	LoadWork     = "load"     // read a source
	QueryWork    = "query"    // compute from tables
	MetadataWork = "metadata" // commit a definition without touching rows
	DropWork     = "drop"
	CheckWork    = "check" // run the checks that can break without a new row: by time, and by what they look up
)

// How rows are computed.
const (
	ComputeLoad     = "load"       // what the source has beyond the cursor, or all of it
	ComputeFull     = "full"       // the whole result, replacing the table's rows
	ComputeAppend   = "append"     // the result over the driving input's new rows, appended
	ComputeKeys     = "keys"       // the result for the keys that new rows touch, replacing theirs
	ComputeParts    = "partitions" // the result for the partitions that new rows touch, replacing theirs
	ComputeMetadata = "metadata"   // nothing
)

// Work is all that apply needs to do a table: it derives nothing from the configuration but secrets.
type Work struct {
	Kind    string         `json:"kind"`
	Compute string         `json:"compute"`
	Base    *Base          `json:"base,omitempty"` // nil: the table must not exist
	Columns coltype.Schema `json:"columns,omitempty"`

	Definition json.RawMessage `json:"definition,omitempty"`
	DataHash   string          `json:"data_hash,omitempty"`
	MetaHash   string          `json:"meta_hash,omitempty"`

	Partition []state.PartitionField `json:"partition,omitempty"`
	Sort      []state.SortField      `json:"sort,omitempty"`
	Write     Write                  `json:"write"`

	Load  *Load  `json:"load,omitempty"`
	Query *Query `json:"query,omitempty"`

	// Inputs are the tables that the query and the checks read.
	Inputs     []Input `json:"inputs,omitempty"`
	Checks     []Check `json:"checks,omitempty"`
	MaxBadRows int64   `json:"max_bad_rows,omitempty"`
	// Record says that CheckWork is committed once its checks pass, without rows: what they look up moved, and they need not
	// run again before it moves once more. Else nothing is committed.
	Record bool `json:"record,omitempty"`
	// IfMoved says that nothing is to be committed where no input turns out to have moved since the recorded rows were computed.
	IfMoved bool `json:"if_moved,omitempty"`
	// Quarantine is the table's quarantine, for its lease.
	Quarantine addr.Ident `json:"quarantine"`
}

// Commits says whether the work ends in a commit.
func (w *Work) Commits() bool { return w.Kind != CheckWork || w.Record }

// Base is the recorded state that the work was planned on.
type Base struct {
	UUID string `json:"uuid"`
	Main int64  `json:"main"`
}

// Write says how the rows enter the table.
type Write struct {
	Mode     string   `json:"mode"`
	Key      []string `json:"key,omitempty"`
	By       []string `json:"by,omitempty"`
	Lookback string   `json:"lookback,omitempty"`
	// Deletes is what a merge does with rows that were deleted at the source: hard, soft.
	Deletes string `json:"deletes,omitempty"`
	// ValidFrom is the column of a history's times; empty: when a change was committed, or loaded.
	ValidFrom string `json:"valid_from,omitempty"`
	// Rows says what the rows to write are: state, versions, changes.
	Rows string `json:"rows,omitempty"`
}

// Load is one read of a source.
type Load struct {
	Source      string            `json:"source"` // address
	Provider    string            `json:"provider"`
	Cursor      map[string][]byte `json:"cursor,omitempty"` // where to resume; empty: from the start
	Until       []byte            `json:"until,omitempty"`
	Partitions  []string          `json:"partitions,omitempty"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	Position    string            `json:"position,omitempty"`
	Columns     coltype.Schema    `json:"columns"` // what the provider sends, without provenance
	Append      bool              `json:"append,omitempty"`
	// Overlap says which rows come that the table may hold already.
	Overlap *Overlap `json:"overlap,omitempty"`
	// Present is the key, where rows that the source doesn't have any more are looked for.
	Present []string `json:"present,omitempty"`
	// Follow is set where what comes are changes.
	Follow *Follow `json:"follow,omitempty"`
}

// Follow is a read of changes.
type Follow struct {
	// Key is what identifies a row at the source; empty where nothing does.
	Key []string `json:"key,omitempty"`
	// Keys are all that identified one in the changes that the table has then, in turn; Key is the last.
	Keys [][]string `json:"keys,omitempty"`
	// After is the highest position that was read before; what comes is higher.
	After string `json:"after,omitempty"`
	// Prepare says that what following needs at the source is to be made, or found, first; Creates says it in words.
	Prepare bool     `json:"prepare,omitempty"`
	Creates []string `json:"creates,omitempty"`
}

// Overlap is of the rows whose column is null or not below From; empty: of those alone whose column is null.
type Overlap struct {
	Column string `json:"column"`
	From   string `json:"from,omitempty"`
}

// Query is the computation of a table from others.
type Query struct {
	Full       string   `json:"full"`
	Keys       string   `json:"keys,omitempty"`  // the touched keys, over "etl_new".<driving>
	Keyed      string   `json:"keyed,omitempty"` // the rows of those keys, joined with "etl_keys"."keys"
	OutputKeys []string `json:"output_keys,omitempty"`
	// Order are columns behind the table's own that tell which of several versions of a row came first.
	Order []string `json:"order,omitempty"`
	// Partitions is the touched partitions, over the drivers with their new rows in place of them; those of Full if it is empty.
	Partitions string `json:"partitions,omitempty"`
	// Drivers are the addresses of the inputs that new rows come from.
	Drivers []string `json:"drivers,omitempty"`
	// Text says that Full is the user's SQL rather than compiled steps.
	Text bool `json:"text,omitempty"`
}

// Input is a table that the query reads.
type Input struct {
	Address string     `json:"address"`
	Ident   addr.Ident `json:"ident"`
	// Planned is the snapshot at plan; 0 where the table does not exist yet.
	UUID    string `json:"uuid,omitempty"`
	Planned int64  `json:"planned,omitempty"`
	// Since is the snapshot that the recorded rows were computed from; 0 where there are none.
	Since int64 `json:"since,omitempty"`
	// Changes says that this plan writes the input first.
	Changes bool `json:"changes,omitempty"`
	// Differs says that its rows were not only added to: what changed is told by comparing its snapshots.
	Differs bool `json:"differs,omitempty"`
	// Audit says that only checks read it.
	Audit bool `json:"audit,omitempty"`
}

// Check is one expect, compiled.
type Check struct {
	Name   string `json:"name"`
	Action string `json:"action"` // warn, drop, quarantine, fail
	Kind   string `json:"kind"`   // that, unique, not_null, references, table
	// Condition, Unique and References are as in the compiled check.
	Condition  string       `json:"condition,omitempty"`
	Unique     []string     `json:"unique,omitempty"`
	References []addr.Ident `json:"references,omitempty"`
	// New says that rows which exist already have not been audited by this check.
	New bool `json:"new,omitempty"`
	// Now says that it depends on the run's instant: time passing alone can break it.
	Now bool `json:"now,omitempty"`
}
