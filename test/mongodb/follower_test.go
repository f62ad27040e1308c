package mongodb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
)

// row is what a table holds of a document: text by column, nothing for null.
type row map[string]string

// follower follows a collection as the host does: it keeps the log of changes, and the rows that they lead to.
type follower struct {
	config  sdk.Config
	columns coltype.Schema
	cursor  map[string][]byte
	log     []string // operation, position and key of each change
	rows    map[string]row
	last    string // position
	bad     []sdk.BadRow
}

func follow(cfg sdk.Config) *follower { return &follower{config: cfg, rows: map[string]row{}} }

// next plans and reads once; what a read that fails has sent is forgotten.
func (f *follower) next() (*sdk.PlanResponse, error) {
	plan, diags := mongodb.New().Plan(context.Background(), f.config, sdk.PlanRequest{Cursor: f.cursor, Columns: f.columns})
	if diags.HasErrors() {
		return plan, diags
	}
	if !plan.Changed {
		return plan, nil
	}
	return plan, f.read(plan)
}

func (f *follower) read(plan *sdk.PlanResponse) error {
	out := &changeOutput{follower: *f, schema: sdk.Followed(plan.Columns)}
	out.rows = maps.Clone(f.rows)
	err := mongodb.New().Read(context.Background(), f.config, sdk.ReadRequest{
		Columns: out.schema, Until: plan.Until, Cursor: f.cursor, BatchSize: 7,
	}, out)
	var said sdk.Diagnostics
	if err != nil && (!errors.As(err, &said) || said.HasErrors()) {
		return err
	}
	if out.cursor == nil {
		return errors.New("the read ended without a checkpoint")
	}
	*f = out.follower
	f.columns = plan.Columns
	return nil
}

// changeOutput takes what a read of changes sends.
type changeOutput struct {
	follower
	schema coltype.Schema
}

func (o *changeOutput) Batch(_ context.Context, batch arrow.RecordBatch) error {
	for i := range int(batch.NumRows()) {
		if err := o.take(batch, i); err != nil {
			return err
		}
	}
	return nil
}

func (o *changeOutput) take(batch arrow.RecordBatch, i int) error {
	values := row{}
	for c, column := range batch.Columns() {
		if column.IsValid(i) {
			values[batch.ColumnName(c)] = withoutNulls(strings.Clone(column.ValueStr(i)))
		}
	}
	op, position := values[sdk.OpColumn], values[sdk.PositionColumn]
	if position <= o.last {
		return fmt.Errorf("position %s after %s", position, o.last)
	}
	o.last = position
	id := values["_id"]
	o.log = append(o.log, op+" "+position+" "+id)
	for _, name := range unchanged(batch, i) {
		if before, ok := o.rows[id][name]; ok {
			values[name] = before
		}
	}
	for _, f := range sdk.ChangeColumns() {
		delete(values, f.Name)
	}
	switch op {
	case sdk.Truncate:
		o.rows = map[string]row{}
	case sdk.Delete:
		delete(o.rows, id)
	default:
		o.rows[id] = values
	}
	return nil
}

// withoutNulls makes rows comparable that were taken before and after an object gained a field.
func withoutNulls(text string) string {
	var object map[string]any
	if json.Unmarshal([]byte(text), &object) != nil {
		return text
	}
	maps.DeleteFunc(object, func(_ string, v any) bool { return v == nil })
	out, err := json.Marshal(object)
	if err != nil {
		return text
	}
	return string(out)
}

func unchanged(batch arrow.RecordBatch, i int) []string {
	lists := batch.Column(int(batch.NumCols()) - 1).(*array.List)
	from, to := lists.ValueOffsets(i)
	var names []string
	for at := from; lists.IsValid(i) && at < to; at++ {
		names = append(names, lists.ListValues().ValueStr(int(at)))
	}
	return names
}

func (o *changeOutput) Origin(string, int64) {}
func (o *changeOutput) File(context.Context, sdk.File) error {
	return errors.New("a file where batches were asked for")
}
func (o *changeOutput) Bad(_ context.Context, rows []sdk.BadRow) error {
	o.bad = append(slices.Clone(o.bad), rows...)
	return nil
}
func (o *changeOutput) Checkpoint(_ context.Context, _ string, cursor []byte) error {
	o.cursor = map[string][]byte{"": cursor}
	return nil
}
func (o *changeOutput) Progress(int64, int64) {}

// differs compares the rows with the collection read anew; empty where they are the same.
func (f *follower) differs(db *mongo.Database, collection string) string {
	fresh := follow(config(db, collection, "delta"))
	fresh.columns = f.columns
	if _, err := fresh.next(); err != nil {
		return err.Error()
	}
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(fresh.rows)) {
		if !maps.Equal(fresh.rows[id], f.rows[id]) {
			lines = append(lines, fmt.Sprintf("%s is %v instead of %v", id, f.rows[id], fresh.rows[id]))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.rows)) {
		if _, ok := fresh.rows[id]; !ok {
			lines = append(lines, fmt.Sprintf("%s is %v, and is gone from the collection", id, f.rows[id]))
		}
	}
	return strings.Join(lines[:min(len(lines), 5)], "\n")
}
