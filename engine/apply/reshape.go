package apply

import (
	"context"
	"fmt"
	"os"

	"github.com/automic-etl/etl/state"
)

// loadedSchema and loadedTable name the relation of what was just read from the source.
const (
	loadedSchema = "etl_in"
	loadedTable  = "rows"
	allLoaded    = "SELECT * FROM " + loadedSchema + "." + loadedTable
)

// reshapes says whether staged files must be written again: to sort rows into partitions or in order, to refuse nulls, or
// to take out rows that a check drops or quarantines.
func (t *task) reshapes() bool {
	if len(t.work.Partition) > 0 || len(t.work.Sort) > 0 {
		return true
	}
	for _, f := range t.columns {
		if f.Required {
			return true // writing refuses nulls
		}
	}
	for _, c := range t.work.Checks {
		if c.Action == "drop" || c.Action == "quarantine" {
			return true
		}
	}
	return false
}

// bindLoaded lets queries read what was just read from the source.
func (t *task) bindLoaded(ctx context.Context, files []state.StagedFile) error {
	if err := t.session.BindAs(ctx, loadedSchema, loadedTable, t.columns, dataFiles(files, t.columns)); err != nil {
		return fmt.Errorf("opening the loaded rows: %w", err)
	}
	return nil
}

// reshape writes loaded rows again in the table's layout, without those that checks take out.
func (t *task) reshape(ctx context.Context, files []state.StagedFile, rows string) ([]state.StagedFile, error) {
	if err := t.bindLoaded(ctx, files); err != nil {
		return nil, err
	}
	shaped, err := t.writeRows(ctx, rows)
	if err != nil {
		return nil, err
	}
	return shaped, removeAll(files)
}

// mergeLoaded upserts loaded rows by the table's key.
func (t *task) mergeLoaded(ctx context.Context, files []state.StagedFile, rows string) error {
	if err := t.bindLoaded(ctx, files); err != nil {
		return err
	}
	if err := t.merge(ctx, rows); err != nil {
		return err
	}
	return removeAll(files)
}

func removeAll(files []state.StagedFile) error {
	for _, f := range files {
		if err := os.Remove(f.Path); err != nil {
			return fmt.Errorf("removing a file that was written again: %w", err)
		}
	}
	return nil
}
