// Package state is everything that touches Iceberg: the catalog, tables and their recorded definitions, commits, leases,
// history and maintenance. There is no state file; what is recorded travels in the commit that it is about.
package state

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Options say which lakehouse to open.
type Options struct {
	CatalogPath string // SQLite file
	Warehouse   string // absolute folder
	CacheDir    string // .etl/cache; empty: no cache
	ReadOnly    bool   // plan: opens the catalog without creating or changing it
	Project     string
	LeaseTTL    time.Duration // 0: 60 s, or ETL_LEASE_TTL
}

// Table is what is recorded of one table. It is immutable.
type Table struct {
	Ident            addr.Ident       `json:"ident"`
	UUID             string           `json:"uuid"`
	Location         string           `json:"location"` // file URI
	MetadataLocation string           `json:"metadata_location"`
	Main             int64            `json:"main"`           // snapshot id of main; 0 where there is none
	Sequence         int64            `json:"sequence"`       // sequence number of main; later snapshots have higher ones
	StateAt          int64            `json:"state_at"`       // nearest ancestor of main that has etl.*; 0 where there is none
	FormatVersion    int              `json:"format_version"` // of Iceberg
	Columns          coltype.Schema   `json:"columns"`        // with field ids
	LastColumnID     int              `json:"last_column_id"` // highest field id that the table ever used
	Partition        []PartitionField `json:"partition,omitempty"`
	Sort             []SortField      `json:"sort,omitempty"`
	Address          string           `json:"address"` // empty: not one of ours
	Project          string           `json:"project"`
	Definition       json.RawMessage  `json:"definition,omitempty"` // as given to Commit
	MetaHash         string           `json:"meta_hash"`
	Lakehouse        string           `json:"lakehouse,omitempty"` // the lakehouse's id, on tables that etl keeps for itself
	Summary          Summary          `json:"summary"`             // of StateAt
	Rows             int64            `json:"rows"`                // of main; -1 unknown
	Bytes            int64            `json:"bytes"`
	Files            int64            `json:"files"`
	Snapshots        int              `json:"snapshots"`
	// Before are the columns as etl wrote them last, if another writer changed them since; else none.
	Before coltype.Schema `json:"before,omitempty"`
	// Foreign are the snapshots between StateAt and Main that other writers made, newest first.
	Foreign []Snapshot `json:"foreign,omitempty"`
	// Properties are the table's own (not etl.*).
	Properties map[string]string `json:"properties,omitempty"`
}

// PartitionField is a field of a partition spec.
type PartitionField struct {
	Column    string `json:"column"`
	Transform string `json:"transform"` // Iceberg's spelling: identity, month, bucket[16], truncate[4]
}

// SortField is a field of a sort order.
type SortField struct {
	Column string `json:"column"`
	Desc   bool   `json:"desc,omitempty"`
}

// Summary is what a commit of ours records about the rows of its snapshot.
type Summary struct {
	CommitID    string            `json:"commit_id"`
	RunID       string            `json:"run_id"`
	PlanID      string            `json:"plan_id,omitempty"`
	HashVersion int               `json:"hash_version"`
	DataHash    string            `json:"data_hash"`
	Cursor      map[string][]byte `json:"cursor,omitempty"`      // partition → the provider's bytes
	Fingerprint string            `json:"fingerprint,omitempty"` // of a batch source
	Position    string            `json:"position,omitempty"`    // the cursor in words
	Highest     string            `json:"highest,omitempty"`     // the highest position of the changes that were read
	Keeps       []string          `json:"keeps,omitempty"`       // what the source keeps for the table to go on, in words
	Keys        [][]string        `json:"keys,omitempty"`        // what has identified a row in its changes, in turn; the last does now
	Inputs      []Input           `json:"inputs,omitempty"`
	RowsRead    int64             `json:"rows_read"`
	RowsWritten int64             `json:"rows_written"`
	RowsBad     int64             `json:"rows_bad"`
	Mode        string            `json:"mode"` // load, full, append, keys, metadata, rollback, fence, maintain
	Checks      []CheckResult     `json:"checks,omitempty"`
	Quarantine  *Quarantine       `json:"quarantine,omitempty"` // what goes with the rows; nil: not known
	At          time.Time         `json:"at"`
}

// Input is a table's snapshot that a commit's rows were computed from.
type Input struct {
	Address  string     `json:"address"`
	Ident    addr.Ident `json:"ident"`
	UUID     string     `json:"uuid"`
	Snapshot int64      `json:"snapshot"`
	// Highest is the highest position of its changes that were read; Latest the latest time among its rows, as text.
	Highest string `json:"highest,omitempty"`
	Latest  string `json:"latest,omitempty"`
}

// Quarantine is a table's quarantine as it is after a commit.
type Quarantine struct {
	Sequence int64 `json:"sequence"` // sequence number of its snapshot; 0: there is none
	Rows     int64 `json:"rows"`     // -1 unknown
}

// CheckResult is the outcome of one expect.
type CheckResult struct {
	Name   string `json:"name"`
	Action string `json:"action"`
	Failed int64  `json:"failed"` // rows
}

// Snapshot is one entry of a table's history.
type Snapshot struct {
	ID        int64     `json:"id"`
	Parent    int64     `json:"parent,omitempty"`
	Sequence  int64     `json:"sequence"`
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`         // append, replace, overwrite, delete
	Summary   *Summary  `json:"summary,omitempty"` // nil: another writer's
	Rows      int64     `json:"rows"`
	Added     int64     `json:"added"`
	Removed   int64     `json:"removed"`
	Current   bool      `json:"current,omitempty"`
}

// DataFile is a file of a snapshot.
type DataFile struct {
	Path      string // absolute local path
	Location  string // the path as the table's metadata spells it
	Rows      int64
	Bytes     int64
	Sequence  int64        // data sequence number
	Deletes   []DeleteFile // those that apply to this file
	Partition map[string]any
	SpecID    int
	// Lower and Upper are the bounds by field id, in coltype's Go values, where the file has them.
	Lower, Upper map[int]any
	Nulls        map[int]int64  // null counts by field id
	Schema       coltype.Schema // of the table at the snapshot: read the file by its field ids
}

// DeleteFile removes rows of data files.
type DeleteFile struct {
	Path      string  // Parquet file of (file_path, pos); empty for deletion vectors
	DataPath  string  // the path as the delete file spells it
	Positions []int64 // of a deletion vector
}

// StagedFile is a finished Parquet file under StagePath, ready to be committed.
type StagedFile struct {
	Path      string // absolute local path
	Rows      int64
	Partition []any // one value a partition field, nil for null; empty for unpartitioned tables
}

// StagedDeletes is a finished Parquet file of the positions of rows of one data file, which are deleted. It stands for all
// earlier deletes of that file: their positions are among its own.
type StagedDeletes struct {
	Of   DataFile
	Path string // absolute local path
	Rows int64  // positions
}

// Change is one commit on one table: schema, spec, rows, properties and state in one metadata swap.
type Change struct {
	Ident addr.Ident
	// Base is what the change was computed from. Nil: the table must not exist, or exist without any snapshot and be ours.
	Base *Table
	// Columns is the whole schema after the commit, with field ids from AssignIDs. Nil: columns, partitioning and sort order
	// stay as they are.
	Columns    coltype.Schema
	Partition  []PartitionField
	Sort       []SortField
	Operation  Operation
	Add        []StagedFile
	Remove     []DataFile      // Swap only
	Delete     []StagedDeletes // Swap only: rows of files that stay
	Summary    Summary         // CommitID names the commit: a retry with the same id never lands twice
	Address    string
	Project    string // who owns the table; empty: who owned it, or the lakehouse's project for a new one
	Definition json.RawMessage
	MetaHash   string
	Properties map[string]string // set on the table; an empty value removes the property, others stay

	writer string // the run that the commit's files are named by; empty: the summary's
}

// files is the run that the commit's files are named by, so that whoever sweeps it finds them.
func (c Change) files() string { return cmp.Or(c.writer, c.Summary.RunID) }

// Operation says what happens to the rows.
type Operation string

// Operations.
const (
	Append  Operation = "append"  // Add
	Replace Operation = "replace" // remove all, then Add
	Swap    Operation = "swap"    // remove Remove and the rows of Delete, then Add
	Empty   Operation = "empty"   // an empty snapshot that moves main
)

// Claim asks for the leases of a run.
type Claim struct {
	RunID   string
	PlanID  string
	Tables  []addr.Ident // written
	Inputs  []addr.Ident // read
	Command string       // for whoever is told who holds it
	Wait    time.Duration
	// Prepares is what the run is going to make at sources before any commit tells of it, for whoever finds it left.
	Prepares []string
	// Lakehouse is the id of the lakehouse, if it has none yet.
	Lakehouse string
}

// Holder is who holds a lease.
type Holder struct {
	ID           string       `json:"id"` // lease id
	RunID        string       `json:"run_id"`
	PlanID       string       `json:"plan_id,omitempty"`
	Command      string       `json:"command"`
	Host         string       `json:"host"`
	PID          int          `json:"pid"`
	ProcessStart string       `json:"process_start"` // tells a reused pid
	User         string       `json:"user"`
	Tables       []addr.Ident `json:"tables"`
	Inputs       []addr.Ident `json:"inputs,omitempty"`
	Beat         int64        `json:"beat"`
	Since        time.Time    `json:"since"`
	Alive        bool         `json:"alive"` // as far as this host can tell
}

// Run is a row of etl.runs.
type Run struct {
	ID, PlanID, Project, Command, Outcome, User, Host, Version string
	Started, Ended                                             time.Time
	Tables, Failed, Skipped                                    int
	RowsRead, RowsWritten, RowsBad                             int64
}

// Result is a row of etl.results: one table of one run, or one check of it.
type Result struct {
	RunID, Address, Table, Action, Outcome, Mode, Check, Message string
	Snapshot                                                     int64
	RowsRead, RowsWritten, RowsBad, RowsFailed                   int64
	Started, Ended                                               time.Time
}
