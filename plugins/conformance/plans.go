package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/zclconf/go-cty/cty"

	description "github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

func schema(_ context.Context, e *Examination) error {
	described := e.client.Schema()
	if err := described.Verify(); err != nil {
		return err
	}
	text, err := json.Marshal(described)
	if err != nil {
		return err
	}
	var again description.Provider
	if err := json.Unmarshal(text, &again); err != nil || !reflect.DeepEqual(again, described) {
		return fmt.Errorf("the schema does not come back from JSON: %w", err)
	}
	c := e.client.Capabilities()
	if !c.Partitions && len(e.plan.Partitions) > 0 {
		return errors.New("the plan has partitions, the capabilities don't")
	}
	if !c.Bounds && e.plan.Until != nil {
		return errors.New("the plan says how far to read, the capabilities don't")
	}
	return nil
}

func unknown(ctx context.Context, e *Examination) error {
	cfg := e.config
	values := map[string]cty.Value{}
	for name, typ := range e.client.Schema().Source.ImpliedType().AttributeTypes() {
		values[name] = cty.UnknownVal(typ)
	}
	cfg.Source = cty.ObjectVal(values)
	if ds, err := e.client.Validate(ctx, cfg); err != nil || ds.HasErrors() {
		return fmt.Errorf("a block of unknown values is refused: %w", errors.Join(err, failed(ds)))
	}
	ds, err := e.client.Validate(ctx, e.config)
	return errors.Join(err, failed(ds))
}

func failed(ds sdk.Diagnostics) error {
	if ds.HasErrors() {
		return ds
	}
	return nil
}

func repeatedPlan(ctx context.Context, e *Examination) error {
	again, err := e.planFrom(ctx, sdk.PlanRequest{})
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(again, e.plan) {
		return fmt.Errorf("the first plan is %+v, the second %+v", e.plan, again)
	}
	if !again.Changed || len(again.Columns) == 0 {
		return errors.New("the first plan of a source must have columns and something to read")
	}
	seen := map[string]bool{}
	for _, column := range again.Columns {
		if seen[column.Name] {
			return fmt.Errorf("the column %q is there twice", column.Name)
		}
		seen[column.Name] = true
		if parsed, err := coltype.Parse(column.Type.String()); err != nil || !parsed.Equal(column.Type) {
			return fmt.Errorf("column %q: nobody can write the type %s: %w", column.Name, column.Type, err)
		}
	}
	return nil
}

// recordedColumns plans with the columns of an earlier read.
func recordedColumns(ctx context.Context, e *Examination) error {
	again, err := e.planFrom(ctx, sdk.PlanRequest{Columns: e.plan.Columns})
	if err != nil {
		return err
	}
	if !again.Columns.Equal(e.plan.Columns) {
		return fmt.Errorf("the columns %v became %v", e.plan.Columns, again.Columns)
	}
	return nil
}
