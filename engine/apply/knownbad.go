package apply

import (
	"context"
	"fmt"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/state"
)

// comparedBad are the columns by which bad rows are compared, and readings the part of a row's text that tells one reading of it
// from another: a regular expression of DuckDB.
const (
	comparedBad = "compared"
	readings    = `"(_etl_run|_etl_loaded_at)":"[^"]*"|"_etl_row":[0-9]+`
)

// leaveKnownBad takes those of the bad rows out that the quarantine has already: a source that is read incrementally sends some
// rows again. Equal ones are known as often as the quarantine has them.
func (t *task) leaveKnownBad(ctx context.Context) error {
	b := t.staged.bad
	if l := t.work.Load; l == nil || l.Overlap == nil || b.fresh() == 0 {
		return nil
	}
	kept, err := t.keptBad(ctx)
	if err != nil || len(kept.Counting) == 0 {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	if err := t.keepNewBad(ctx, kept.Counting); err != nil {
		return fmt.Errorf("comparing bad rows with those in the quarantine %s: %w", t.work.Quarantine, err)
	}
	return nil
}

// keepNewBad stages the bad rows again without those that are known.
func (t *task) keepNewBad(ctx context.Context, known []state.DataFile) error {
	b := t.staged.bad
	if err := t.session.BindAs(ctx, outSchema, "badthen", b.columns, known); err != nil {
		return err
	}
	if err := t.session.BindAs(ctx, outSchema, "badnow", b.columns, dataFiles(b.files, b.columns)); err != nil {
		return err
	}
	names := dialect.Idents(b.columns.Names())
	numbered := func(relation, origin string) string {
		rows := fmt.Sprintf("SELECT *, regexp_replace(raw, %s, '', 'g') AS %s FROM %s.%s", dialect.Text(readings), comparedBad, outSchema, relation)
		return numberedRows(rows, []string{comparedBad, "reason", "source", "position"}, origin)
	}
	query := fmt.Sprintf("SELECT %s FROM (%s) AS q ANTI JOIN (%s) AS k ON %s", names, numbered("badnow", names), numbered("badthen", ""),
		matching([]string{`"etl$row"`, `"etl$nth"`}))
	files, err := t.session.Write(ctx, b.write(query, "new"))
	if err != nil {
		return err
	}
	were := b.files
	b.files = files
	b.known = b.loaded + b.checked
	for _, f := range files {
		b.known -= f.Rows
	}
	return removeAll(were)
}
