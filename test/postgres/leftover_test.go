package postgres

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// left is what is at the source of a database.
func (d *database) left(t *testing.T) []string {
	t.Helper()
	return append(d.query(t, slotsOf), d.query(t, "SELECT pubname FROM pg_publication")...)
}

// dying applies a project until its slot is there, and kills it before anything is committed.
func (p *project) dying(t *testing.T) {
	t.Helper()
	run := p.start(t, "apply", "-auto-approve")
	for len(p.database.query(t, slotsOf)) == 0 && !run.Ended() {
		time.Sleep(5 * time.Millisecond)
	}
	if run.Ended() {
		t.Fatalf("the run was over too early:\n%s", run.Wait(t).Output())
	}
	run.Signal(t, syscall.SIGKILL)
	run.Wait(t)
	p.NoOrphans(t)
}

// TestLeftoverSlot kills a first run once its slot is there, and takes the block out of the project: both ways that the
// documentation names get rid of what is left.
func TestLeftoverSlot(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	d.exec(t, "INSERT INTO busy SELECT i, 1, repeat('c', 2000) FROM generate_series(10000, 40000) i")
	without := shop[:strings.Index(shop, `source "postgres"`)]
	p := newProject(t, d, map[string]string{"shop.etl.hcl": shop})
	t.Cleanup(func() { d.dropSlots(t) })

	p.dying(t)
	p.Write(t, map[string]string{"shop.etl.hcl": without})
	p.must(t, 0, "apply", "-auto-approve")
	both := d.left(t)
	if len(both) != 2 || both[0] != both[1] || !strings.HasPrefix(both[0], "etl_shop_busy_") {
		t.Fatalf("what is left at the source: %v", both)
	}
	p.Write(t, map[string]string{"shop.etl.hcl": shop})
	p.must(t, 0, "apply", "-auto-approve")
	p.equal(t, "silver.merged")
	p.Write(t, map[string]string{"shop.etl.hcl": without})
	p.must(t, 0, "apply", "-auto-approve")
	if left := d.left(t); len(left) > 0 {
		t.Fatalf("put back, applied and taken out, the block leaves %v", left)
	}

	p.Write(t, map[string]string{"shop.etl.hcl": shop})
	p.dying(t)
	p.Write(t, map[string]string{"shop.etl.hcl": without})
	p.must(t, 0, "apply", "-auto-approve")
	text, err := os.ReadFile(filepath.Join(root, "docs", "connectors.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), "  ```sql\n")
	statements, _, _ := strings.Cut(after, "  ```")
	lines := strings.Split(strings.TrimSpace(strings.NewReplacer("LAKEHOUSE", both[0][len("etl_shop_busy_"):], "NAME", both[0]).Replace(statements)), "\n")
	if len(lines) != 3 {
		t.Fatalf("the documentation says %q", lines)
	}
	var found []string
	for end := time.Now().Add(10 * time.Second); len(found) == 0 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		found = d.query(t, lines[0]) // the server may not have noticed yet that the reader is gone
	}
	if !slices.Equal(found, both[:1]) {
		t.Errorf("the statement finds %v", found)
	}
	d.exec(t, "%s", lines[1])
	d.exec(t, "%s", lines[2])
	if left := d.left(t); len(left) > 0 {
		t.Errorf("the statements leave %v", left)
	}
}
