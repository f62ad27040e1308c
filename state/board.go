package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
)

// Kinds of rows of etl.leases.
const (
	kindHeld    = "held"    // a run works on the tables
	kindUsed    = "used"    // a plan that was claimed, and isn't to be claimed again
	kindUnswept = "unswept" // a dead run's files of tables that didn't exist when its lease was seized
	// kindPrepared is what a run that ended may have made at sources without a commit that tells of it.
	kindPrepared = "prepared"
)

// rememberedPlans bounds how many claimed plans are remembered.
const rememberedPlans = 1000

// lease is a row of etl.leases.
type lease struct {
	ID, Kind, RunID, PlanID, Command, Host, ProcessStart, User string
	PID, Beat, TTL                                             int64 // TTL in milliseconds
	Tables, Inputs, Prepares                                   []string
	Since                                                      time.Time
}

func leases() records[lease] {
	return records[lease]{ident: addr.Ident{Namespace: Namespace, Name: "leases"}, parts: []part[lease]{
		{name: "id", text: func(r *lease) *string { return &r.ID }},
		{name: "kind", text: func(r *lease) *string { return &r.Kind }},
		{name: "run_id", text: func(r *lease) *string { return &r.RunID }},
		{name: "plan_id", text: func(r *lease) *string { return &r.PlanID }},
		{name: "command", text: func(r *lease) *string { return &r.Command }},
		{name: "host", text: func(r *lease) *string { return &r.Host }},
		{name: "pid", long: func(r *lease) *int64 { return &r.PID }},
		{name: "process_start", text: func(r *lease) *string { return &r.ProcessStart }},
		{name: "user", text: func(r *lease) *string { return &r.User }},
		{name: "beat", long: func(r *lease) *int64 { return &r.Beat }},
		{name: "ttl_ms", long: func(r *lease) *int64 { return &r.TTL }},
		{name: "tables", list: func(r *lease) *[]string { return &r.Tables }},
		{name: "inputs", list: func(r *lease) *[]string { return &r.Inputs }},
		{name: "since", at: func(r *lease) *time.Time { return &r.Since }},
		{name: "prepares", list: func(r *lease) *[]string { return &r.Prepares }},
	}}
}

// process is the one that holds the lease.
func (r *lease) process() process {
	return process{Host: r.Host, PID: int(r.PID), Start: r.ProcessStart, User: r.User}
}

// holder is the lease as others are told of it.
func (r *lease) holder() Holder {
	return Holder{
		ID: r.ID, RunID: r.RunID, PlanID: r.PlanID, Command: r.Command, Host: r.Host, PID: int(r.PID),
		ProcessStart: r.ProcessStart, User: r.User, Tables: identsOf(r.Tables), Inputs: identsOf(r.Inputs), Beat: r.Beat,
		Since: r.Since, Alive: !r.process().gone(),
	}
}

// overlaps reports whether both write a table. Readers are in nobody's way: what they read is pinned.
func (r *lease) overlaps(tables []string) bool {
	return slices.ContainsFunc(r.Tables, func(t string) bool { return slices.Contains(tables, t) })
}

func identsOf(names []string) []addr.Ident {
	all := make([]addr.Ident, 0, len(names))
	for _, name := range names {
		namespace, table, _ := strings.Cut(name, ".")
		all = append(all, addr.Ident{Namespace: namespace, Name: table})
	}
	return all
}

func namesOf(tables []addr.Ident) []string {
	names := make([]string, 0, len(tables))
	for _, t := range tables {
		names = append(names, t.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// board is all leases, as of one snapshot.
func (l *Lakehouse) board(ctx context.Context) (*Table, []lease, error) {
	base, err := leases().base(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	rows, err := leases().read(ctx, l, base)
	return base, rows, err
}

// post changes the board in one pinned commit; the change is made anew on what others made of the board meanwhile.
func (l *Lakehouse) post(ctx context.Context, runID string, change func([]lease) ([]lease, error)) error {
	return l.postAs(ctx, runID, "", change)
}

// postAs is post, and gives the lakehouse an id, if it has none.
func (l *Lakehouse) postAs(ctx context.Context, runID, id string, change func([]lease) ([]lease, error)) error {
	for attempt := 0; ; attempt++ {
		base, rows, err := l.board(ctx)
		if err != nil {
			return err
		}
		rows, err = change(rows)
		if err != nil {
			return err
		}
		s := Summary{CommitID: uuid.NewString(), RunID: runID, Mode: "lease"}
		_, err = leases().write(ctx, l, base, Replace, s, id, rows)
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			return err
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}

// Locks are the leases that are held now, alive or dead.
func (l *Lakehouse) Locks(ctx context.Context) ([]Holder, error) {
	_, rows, err := l.board(ctx)
	if err != nil {
		return nil, err
	}
	var holders []Holder
	for _, r := range rows {
		if r.Kind == kindHeld {
			holders = append(holders, r.holder())
		}
	}
	return holders, nil
}
