package numbers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// changes reads the log, and before it the rows that are there.
type changes struct {
	*reader
	builder *array.RecordBuilder
	size    int
	sent    int64
}

func (s settings) changes(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	found, err := openSlot(s.log, slotName(cfg))
	if err != nil {
		return err
	}
	if found == nil {
		return fmt.Errorf("there is no slot %s", slotName(cfg))
	}
	release, err := found.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	log, err := readLog(s.log)
	if err != nil {
		return err
	}
	from, going, err := followed(req.Cursor)
	if err != nil {
		return err
	}
	if !going {
		from = cursor{Version: 1, Snapshot: true, Tx: int64(len(log))}
	} else if lost := from.lost(found, log); lost != nil {
		return lost
	}
	schema := arrowschema.FromColumns(req.Columns)
	r := &changes{
		reader: &reader{settings: s, schema: schema, out: out}, size: max(req.BatchSize, 1),
		builder: array.NewRecordBuilder(memory.DefaultAllocator, schema),
	}
	defer r.builder.Release()
	if from.Snapshot {
		if err := r.snapshot(ctx, from, at(s.rows, log[:from.Tx])); err != nil {
			return err
		}
	}
	return r.stream(ctx, log[from.Tx:min(max(until(req.Until, len(log)), int(from.Tx)), len(log))])
}

// afterChanges is where the sequence numbers of a snapshot start: after all changes of the transaction that it shows.
const afterChanges = 5_000_000_000

func position(tx, sequence int64) string { return fmt.Sprintf("%016x/%010d", tx, sequence) }

// snapshot sends the rows from the next one on. A cursor says how many of them were sent, since they can be told again:
// the log that they follow from is still there.
func (r *changes) snapshot(ctx context.Context, from cursor, rows table) error {
	if from.Next == 0 {
		r.change(Change{Op: sdk.Truncate}, position(from.Tx, afterChanges), from.Tx, nil)
		from.Next = 1
	}
	for _, n := range rows.sorted()[from.Next-1:] {
		present := rows[n]
		r.change(Change{Op: sdk.Insert, N: n}, position(from.Tx, afterChanges+from.Next), from.Tx, &present)
		from.Next++
		if r.full() {
			if err := r.send(ctx, &from); err != nil {
				return err
			}
		}
	}
	return r.send(ctx, &cursor{Version: 1, Tx: from.Tx})
}

// stream sends transactions. A batch may end within one; a checkpoint comes only between two.
func (r *changes) stream(ctx context.Context, log []transaction) error {
	for _, tx := range log {
		for i, c := range tx.Changes {
			var next *row
			if c.Op != sdk.Delete && c.Op != sdk.Truncate {
				next = &row{as: c.As}
			}
			r.change(c, position(tx.Number, int64(i+1)), tx.Number, next)
			if r.full() && i+1 < len(tx.Changes) {
				if err := r.send(ctx, nil); err != nil {
					return err
				}
			}
		}
		if err := r.send(ctx, &cursor{Version: 1, Tx: tx.Number}); err != nil {
			return err
		}
	}
	return r.misread(ctx, r.sent)
}

func (r *changes) full() bool { return r.builder.Field(0).Len() >= r.size }

// send sends what there is, and then how far that is, where it is somewhere.
func (r *changes) send(ctx context.Context, to *cursor) error {
	if err := r.misread(ctx, r.sent); err != nil {
		return err
	}
	rows := r.builder.NewRecordBatch()
	defer rows.Release()
	if err := r.out.Batch(ctx, rows); err != nil {
		return err
	}
	r.sent += rows.NumRows()
	if to == nil {
		return nil
	}
	text, err := json.Marshal(to)
	if err != nil {
		return err
	}
	return r.out.Checkpoint(ctx, "", text)
}

// epoch is when the first transaction was committed; each of the others came a second after the one before.
func epoch() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// change appends one change row; columns whose values it doesn't tell are null.
func (r *changes) change(c Change, position string, tx int64, values *row) {
	fields := r.schema.Fields()
	for i, field := range r.builder.Fields() {
		switch name := fields[i].Name; {
		case name == sdk.OpColumn:
			field.(*array.StringBuilder).Append(c.Op)
		case name == sdk.PositionColumn:
			field.(*array.StringBuilder).Append(position)
		case name == sdk.CommittedAtColumn:
			field.(*array.TimestampBuilder).Append(arrow.Timestamp(epoch().Add(time.Duration(tx) * time.Second).UnixMicro()))
		case name == sdk.UnchangedColumn:
			names(field.(*array.ListBuilder), c.Unchanged)
		case name == "n" && c.Op != sdk.Truncate:
			value(field, c.N, false)
		case values == nil || name == "n" || slices.Contains(c.Unchanged, name):
			field.AppendNull()
		default:
			value(field, values.of(name), true)
		}
	}
}

func names(list *array.ListBuilder, texts []string) {
	if len(texts) == 0 {
		list.AppendNull()
		return
	}
	list.Append(true)
	for _, text := range texts {
		list.ValueBuilder().(*array.StringBuilder).Append(text)
	}
}
