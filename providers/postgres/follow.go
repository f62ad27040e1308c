package postgres

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres/catalog"
	"github.com/automic-etl/etl/providers/postgres/pgoutput"
	"github.com/automic-etl/etl/providers/postgres/session"
	"github.com/automic-etl/etl/providers/postgres/slot"
)

var _ sdk.Follower = Provider{}

// place is how far a delta read has come.
type place struct {
	Version int    `json:"version"`
	System  string `json:"system,omitempty"` // the server's own number; empty where the role may not see it
	Table   uint32 `json:"table"`            // the table's number: one that was dropped and created again is another table
	// LSN is where to go on: all transactions whose commit begins before it were read.
	LSN pgoutput.LSN `json:"lsn"`
	// Publication is the stamp of the publication that told the changes. It comes after the place, by which cursors
	// are sorted, as all does that may differ without one of two cursors being the later. Cursors of old end here.
	Publication string `json:"publication,omitempty"`
	// Columns are those of the table, and those that were read before and are gone. Last is the greatest number that a column
	// had then: greater ones are of later columns.
	Columns numbers `json:"columns,omitempty"`
	Last    int     `json:"last,omitempty"`
	// Placed is another one once the table was in another schema, where the publication tells those of one. Cursors of old don't tell.
	Placed string `json:"placed,omitempty"`
	// Types are those of the table's columns, by name. Cursors of old don't tell.
	Types map[string]catalog.Modified `json:"types,omitempty"`
	// Labels are those of enumerations, by the columns' names. Cursors of old don't tell.
	Labels map[string]catalog.Labels `json:"labels,omitempty"`
}

// describe records what a table's columns are.
func (p *place) describe(a *catalog.Attributes) {
	p.Columns, p.Last, p.Types, p.Labels = numbersOf(a), a.Last, typesOf(a), labelsOf(a)
}

// publicationName is the one that the block names, or our own.
func (o options) publicationName() string {
	if o.publication != "" {
		return o.publication
	}
	return o.slot
}

// with connects and does something for a source that is followed.
func (Provider) with(
	ctx context.Context, cfg sdk.Config, do func(o options, c *session.Conn) error,
) sdk.Diagnostics {
	o, diags := configure(cfg)
	if diags.HasErrors() {
		return diags
	}
	c, err := session.Open(ctx, o.settings)
	if err != nil {
		return append(diags, o.diagnoseConnect(ctx, err)...)
	}
	defer c.Close()
	if err := do(o, c); err != nil {
		return append(diags, o.diagnose(err)...)
	}
	return diags
}

// Prepare creates the publication and then the slot, which knows only what exists when it is created.
func (p Provider) Prepare(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	return p.with(ctx, cfg, func(o options, c *session.Conn) error {
		s, diags := o.survey(ctx, c)
		if diags.HasErrors() {
			return diags
		}
		if o.publication == "" {
			own, err := slot.LoadPublication(ctx, c, o.slot, s.relation.Schema, s.relation.Name)
			if err != nil {
				return err
			}
			if err := slot.Publish(ctx, c, o.slot, s.relation.Quoted(), s.relation.Kind == catalog.Partitioned, own, own != nil && s.gap(own) == nil); err != nil {
				return fmt.Errorf("creating the publication %s: %w", o.slot, err)
			}
		}
		if err := slot.Create(ctx, o.settings, c, o.slot); err != nil {
			return fmt.Errorf("creating the replication slot %s: %w", o.slot, err)
		}
		return nil
	})
}

// Acknowledge lets the server remove the part of its log that every reader has committed.
func (p Provider) Acknowledge(ctx context.Context, cfg sdk.Config, cursor map[string][]byte) sdk.Diagnostics {
	var at place
	if diags := decodeCursor(cursor[""], &at); diags.HasErrors() {
		return diags
	}
	return p.with(ctx, cfg, func(o options, c *session.Conn) error {
		if err := slot.Advance(ctx, c, o.slot, at.LSN); err != nil {
			return fmt.Errorf("advancing the replication slot %s: %w", o.slot, err)
		}
		return nil
	})
}

// Release drops the slot and our own publication; one that the block names is the user's, whatever its name.
func (p Provider) Release(ctx context.Context, cfg sdk.Config) sdk.Diagnostics {
	return p.with(ctx, cfg, func(o options, c *session.Conn) error {
		if err := slot.Drop(ctx, c, o.slot); err != nil {
			return fmt.Errorf("dropping the replication slot %s: %w", o.slot, err)
		}
		if o.publication != "" {
			return nil
		}
		err := slot.Unpublish(ctx, c, o.slot)
		if session.Code(err) == session.CodeNoPrivilege {
			return sdk.Errorf("Publication left", "The replication slot %s is dropped; only the publication %s is left, since the role %q may not drop it: %s. Have its owner run:\n  DROP PUBLICATION %s;",
				o.slot, o.slot, o.settings.Target().User, session.Message(err), session.Ident(o.slot))
		}
		if err != nil {
			return fmt.Errorf("dropping the publication %s: %w", o.slot, err)
		}
		return nil
	})
}
