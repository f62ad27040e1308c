package postgres

import (
	"slices"
	"strings"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres"
)

// TestReleaseLeavesWhatIsNotOurs releases sources whose publication the user made: named in the block it stays, and one that
// the role may not drop is said to be left, without the slot.
func TestReleaseLeavesWhatIsNotOurs(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY)")
	own := d.delta(t, "held")
	l := newLakehouse(t, own)
	name := strings.TrimPrefix(l.plan().Creates[0], "publication ")
	l = newLakehouse(t, publication(own, name))
	d.exec(t, "CREATE PUBLICATION %q FOR TABLE held", name)
	l.apply()
	if diags := l.provider().Release(t.Context(), l.cfg); len(diags) > 0 {
		t.Errorf("releasing: %v", diags)
	}
	if left := d.left(t); !slices.Equal(left, []string{name}) {
		t.Errorf("what is left at the source: %v", left)
	}

	d.exec(t, "DROP PUBLICATION %q", name)
	l = newLakehouse(t, own)
	l.apply()
	d.asAdmin(t, d.name, `ALTER PUBLICATION "`+name+`" OWNER TO CURRENT_USER`)
	said := l.provider().Release(t.Context(), l.cfg).Error()
	for _, words := range []string{"Publication left", "is dropped; only the publication", `DROP PUBLICATION "` + name + `";`} {
		if !strings.Contains(said, words) {
			t.Errorf("%q is missing in: %s", words, said)
		}
	}
	if left := d.left(t); !slices.Equal(left, []string{name}) {
		t.Errorf("what is left at the source: %v", left)
	}
	d.asAdmin(t, d.name, `DROP PUBLICATION "`+name+`"`)
}

// TestPlansAtOnce plans a table without changes several times at once, as for several tables that read one source.
func TestPlansAtOnce(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE idle (id int PRIMARY KEY); CREATE TABLE loud (s text)")
	l := newLakehouse(t, d.delta(t, "idle"))
	l.apply()
	d.exec(t, "INSERT INTO loud SELECT repeat('x', 100) FROM generate_series(1, 30000)")
	plans := make(chan *sdk.PlanResponse)
	for range 4 {
		go func() {
			response, _ := postgres.New().Plan(t.Context(), l.cfg, sdk.PlanRequest{Cursor: l.cursor, Columns: l.columns})
			plans <- response
		}()
	}
	for range 4 {
		if plan := <-plans; plan == nil || plan.Changed {
			t.Errorf("a plan without changes is %+v", plan)
		}
	}
}
