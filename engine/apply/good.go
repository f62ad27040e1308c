package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/automic-etl/etl/engine/compile"
	"github.com/automic-etl/etl/state"
)

// goodRows is a query without the rows that checks drop or quarantine; those to quarantine are staged on the way.
func (t *task) goodRows(ctx context.Context, query string) (string, error) {
	query, err := t.text(ctx, query)
	if err != nil {
		return "", err
	}
	all, quarantined := t.takingOut()
	if len(all) == 0 {
		return query, nil
	}
	if err := t.bindReferenced(ctx); err != nil {
		return "", err
	}
	for round := 0; ; round++ {
		// Several passes look at the rows: they are computed once. What doesn't fit in memory is spilled.
		computed := fmt.Sprintf("computed%d", round)
		if _, err := t.session.Materialize(ctx, outSchema, computed, query); err != nil {
			return "", err
		}
		rows, err := t.judged(ctx, all, outSchema+"."+computed)
		if err != nil {
			return "", err
		}
		failed, err := t.countOut(ctx, all, rows)
		if err != nil {
			return "", err
		}
		if failed > 0 && len(quarantined) > 0 {
			if err := t.staged.bad.addChecked(ctx, t, compile.BadRows(quarantined, rows)); err != nil {
				return "", err
			}
		}
		query = compile.GoodRows(all, rows)
		if t.rowsAre(compile.ChangeRows) && !t.applies() {
			query += " UNION ALL BY NAME " + compile.Withdrawn(all, rows)
		}
		if failed == 0 || !t.spreads(all) {
			return query, nil
		}
		if round > 1 { // the first tells which rows were computed
			if err := t.session.Drop(ctx, outSchema, fmt.Sprintf("computed%d", round-1)); err != nil {
				return "", err
			}
		}
	}
}

// takingOut are the checks that drop or quarantine rows, and the latter of them.
func (t *task) takingOut() (all, quarantined []compile.Check) {
	for _, c := range t.work.Checks {
		if c.Action != "drop" && c.Action != "quarantine" {
			continue
		}
		all = append(all, t.check(c))
		if c.Action == "quarantine" {
			quarantined = append(quarantined, t.check(c))
		}
	}
	return all, quarantined
}

// spreads says whether taking a row out can make another one fail: one that refers to it, or where rows go into those that exist,
// one that has in common with the row that stays in its place what must be unique.
func (t *task) spreads(checks []compile.Check) bool {
	if t.rowsAre(compile.ChangeRows) && !t.applies() {
		return false // they are changes, of which each is looked at alone
	}
	return slices.ContainsFunc(checks, func(c compile.Check) bool {
		return c.Kind == compile.UniqueCheck && t.upserts() || c.RefersToItself()
	})
}

// judged are computed rows together with all rows that the table will have, for checks that look at other rows: those that it
// has stay, where computed ones don't take their place.
func (t *task) judged(ctx context.Context, checks []compile.Check, computed string) (compile.Rows, error) {
	rows := compile.Rows{Tested: computed, Whole: computed}
	stays := t.upserts() || t.outgoing != "" || t.work.Load != nil && t.work.Load.Append && t.base != nil && t.base.Main != 0
	if !stays || !slices.ContainsFunc(checks, func(c compile.Check) bool { return c.Kind != compile.ThatCheck && c.Kind != compile.NotNullCheck }) {
		return rows, nil
	}
	files, err := t.files(ctx, t.base)
	if err != nil {
		return rows, err
	}
	if err := t.session.BindAs(ctx, outSchema, "old", t.columns, files); err != nil {
		return rows, fmt.Errorf("opening the table for the checks: %w", err)
	}
	old := "SELECT q.* FROM " + outSchema + ".old AS q"
	switch {
	case t.outgoing != "":
		old += " ANTI JOIN (" + t.outgoing + ") AS k ON " + matching(quotedNames(t.work.Write.Key))
	case t.upserts():
		old += " ANTI JOIN " + computed + " AS k ON " + matching(quotedNames(t.work.Write.Key))
	}
	rows.Whole = "(SELECT * FROM " + computed + " UNION ALL BY NAME " + old + ")"
	return rows, nil
}

// countOut records how many rows each check takes out, and gives the sum.
func (t *task) countOut(ctx context.Context, checks []compile.Check, rows compile.Rows) (int64, error) {
	counts, err := t.session.Rows(ctx, compile.FailureCounts(checks, rows), 1)
	if err != nil {
		return 0, fmt.Errorf("counting the rows that checks take out: %w", err)
	}
	var all int64
	for i, c := range checks {
		failed, ok := counts.Values[0][i].(int64)
		if !ok {
			return 0, fmt.Errorf("this is a bug in etl: a count is %T", counts.Values[0][i])
		}
		all += failed
		t.tookOut(c, failed)
	}
	return all, nil
}

// tookOut adds to a check's result.
func (t *task) tookOut(c compile.Check, failed int64) {
	results := t.outcome.Checks
	if i := slices.IndexFunc(results, func(r state.CheckResult) bool { return r.Name == c.Name }); i >= 0 {
		results[i].Failed += failed
		return
	}
	t.outcome.Checks = append(results, state.CheckResult{Name: c.Name, Action: c.Action, Failed: failed})
}
