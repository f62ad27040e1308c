// Package plan makes and holds the plan: one value, from which apply, the saved file and every view are drawn.
package plan

import (
	"encoding/json"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// FormatVersion is of the plan's JSON. It grows with additions; readers ignore what they don't know.
const FormatVersion = 1

// HashVersion is of the way definitions are hashed. Recorded definitions are hashed anew by the current one, so hashes of
// different versions never meet.
const HashVersion = 1

// Action is what happens to a table.
type Action string

// Actions.
const (
	Create  Action = "create"
	Evolve  Action = "evolve"
	Rebuild Action = "rebuild"
	Refresh Action = "refresh"
	Drop    Action = "drop"
	None    Action = "none"
)

// Category says how much a change can hurt; it is empty for none and for refreshes.
type Category string

// Categories, from harmless to not.
const (
	Additive    Category = "additive"
	Metadata    Category = "metadata"
	Breaking    Category = "breaking"
	Destructive Category = "destructive"
)

// Plan is the whole of what apply would do, in every detail that a person or a program may want to see.
type Plan struct {
	FormatVersion int       `json:"format_version"`
	Project       string    `json:"project"`
	Lakehouse     Lakehouse `json:"lakehouse"`
	// ConfigHash covers all that the configuration says, secrets by reference.
	ConfigHash string    `json:"config_hash"`
	Tables     []Table   `json:"tables"` // sorted by address
	Summary    Summary   `json:"summary"`
	Warnings   []Message `json:"warnings,omitempty"`
	// Outputs are the values that the configuration asks to be shown, sorted by name.
	Outputs []Output `json:"outputs,omitempty"`
	// Releases are the sources that nobody follows any more once the tables are done.
	Releases []Release `json:"releases,omitempty"`
}

// Release is the end of following a source.
type Release struct {
	Source   string `json:"source"` // address
	Provider string `json:"provider"`
	// Tables are those that followed it: all must be done first.
	Tables []string `json:"tables"`
	// Keeps is what goes there, in words.
	Keeps []string `json:"keeps,omitempty"`
	// Definition is what was recorded of the source.
	Definition []config.Item `json:"definition,omitempty"`
	// Prepared is what the leases of runs told that left it, without any table; none where tables followed the source.
	Prepared []string `json:"prepared,omitempty"`
}

// Output is one value to show. A sensitive one has no Value.
type Output struct {
	Name      string          `json:"name"`
	Value     json.RawMessage `json:"value,omitempty"`
	Doc       string          `json:"doc,omitempty"`
	Sensitive bool            `json:"sensitive,omitempty"`
}

// Lakehouse says what was planned against.
type Lakehouse struct {
	Catalog   string `json:"catalog"`
	Warehouse string `json:"warehouse"`
	// ID is the lakehouse's own, or what apply gives it; empty where nobody needs one yet.
	ID string `json:"id,omitempty"`
}

// Table is one node of the execution graph.
type Table struct {
	Address  string     `json:"address"`
	Ident    addr.Ident `json:"ident"`
	Action   Action     `json:"action"`
	Category Category   `json:"category,omitempty"`
	Reasons  []Reason   `json:"reasons,omitempty"`
	// Changes are the attributes of the definition that differ from the recorded one.
	Changes []Change `json:"changes,omitempty"`
	// Columns are the schema's differences.
	Columns []Change `json:"columns,omitempty"`
	// Schema is the schema after apply; Describe is one line about it for creates.
	Schema    coltype.Schema         `json:"schema,omitempty"`
	Partition []state.PartitionField `json:"partition,omitempty"`
	From      []string               `json:"from,omitempty"` // addresses of sources and tables it is computed from
	Reads     Estimate               `json:"reads"`
	Writes    Estimate               `json:"writes"`
	// Position is what will be read of the source, in words.
	Position string `json:"position,omitempty"`
	// Compute says how rows are computed: load, append, keys, full, metadata; Why says why not less.
	Compute string   `json:"compute,omitempty"`
	Why     string   `json:"why,omitempty"`
	Checks  []string `json:"checks,omitempty"`
	// Creates is what will be made at the source, in words; Releases what will be dropped there.
	Creates  []string `json:"creates,omitempty"`
	Releases []string `json:"releases,omitempty"`
	ReadBy   []string `json:"read_by,omitempty"`
	// DependsOn are the tables of this plan that must be done first.
	DependsOn []string `json:"depends_on,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	// Work is what apply steps through; nil where there is nothing to do.
	Work json.RawMessage `json:"work,omitempty"`
}

// Reason is why a table is touched.
type Reason struct {
	Kind string `json:"kind"` // own, upstream, data, drift, check, always
	Text string `json:"text"`
}

// Change is an attribute or column, old → new. Old is empty for what is added, New for what is removed.
type Change struct {
	Path string `json:"path"`
	Old  string `json:"old,omitempty"`
	New  string `json:"new,omitempty"`
}

// Estimate is rows and bytes, -1 where unknown.
type Estimate struct {
	Rows    int64 `json:"rows"`
	Bytes   int64 `json:"bytes"`
	AtLeast bool  `json:"at_least,omitempty"`
}

// Summary is the counts of the last lines.
type Summary struct {
	Create      int      `json:"create"`
	Evolve      int      `json:"evolve"`
	Rebuild     int      `json:"rebuild"`
	Refresh     int      `json:"refresh"`
	Drop        int      `json:"drop"`
	Unchanged   int      `json:"unchanged"`
	Breaking    int      `json:"breaking"`
	Destructive int      `json:"destructive"`
	Reads       Estimate `json:"reads"`
}

// Message is a warning of the plan.
type Message struct {
	Address string `json:"address,omitempty"`
	Summary string `json:"summary"`
	Detail  string `json:"detail"`
}
