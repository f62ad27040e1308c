package postgres

import (
	"slices"
	"strings"
	"testing"
)

const retyped = `
etl { project = "shop" }
variable "dsn" {
  type      = string
  sensitive = true
  default   = env("SHOP_DSN")
}
connection "postgres" "shop" { dsn = var.dsn }
source "postgres" "held" {
  connection = connection.postgres.shop
  table      = "public.held"
  TYPES
  extract "delta" {}
}
table "bronze" "held" {
  from = source.postgres.held
  write "merge" { key = [id] }
}
`

// TestTypeAltered gives a column another type: the plan warns, and what the warning says brings the values back.
func TestTypeAltered(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, "CREATE TABLE held (id int PRIMARY KEY, c int); INSERT INTO held VALUES (1, 1)")
	t.Cleanup(func() { d.dropSlots(t) })
	p := newProject(t, d, map[string]string{"shop.etl.hcl": strings.ReplaceAll(retyped, "TYPES", "")})
	p.must(t, 0, "apply", "-auto-approve")
	d.exec(t, "ALTER TABLE held ALTER c TYPE text USING c::text")
	d.exec(t, "INSERT INTO held VALUES (2, 'two')")
	if r := p.must(t, 0, "plan"); !r.Says("Values of another type", "types = { c = string }") {
		t.Errorf("the plan says nothing of the type:\n%s", r.Output())
	}
	p.must(t, 0, "apply", "-auto-approve", "-resnapshot=table.bronze.held")
	if got := p.ask(t, "SELECT id, c FROM bronze.held ORDER BY id"); !slices.Equal(got, []string{"1|1"}) {
		t.Errorf("read anew with the recorded type, the rows are %v", got)
	}
	p.Write(t, map[string]string{"shop.etl.hcl": strings.ReplaceAll(retyped, "TYPES", "types = { c = string }")})
	p.must(t, 0, "apply", "-auto-approve")
	if got := p.ask(t, "SELECT id, c FROM bronze.held ORDER BY id"); !slices.Equal(got, []string{"1|1", "2|two"}) {
		t.Errorf("the rows are %v", got)
	}
}
