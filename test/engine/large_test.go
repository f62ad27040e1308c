package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/state"
)

// TestMergeIntoLargeFile changes few rows of a file that is too large to be written again for them.
func TestMergeIntoLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes much data")
	}
	var b strings.Builder
	b.WriteString("id,text\n")
	for i := range 300_000 {
		sum := sha256.Sum256([]byte(fmt.Sprint(i)))
		fmt.Fprintf(&b, "%d,%s\n", i, hex.EncodeToString(sum[:]))
	}
	p := newProject(t, map[string]string{"in/1.csv": b.String(), "shop.etl.hcl": `
source "csv" "t" {
  path = "in/*.csv"
  extract "incremental" {}
}
table "bronze" "t" {
  from = source.csv.t
  write "merge" { key = [id] }
  expect "fail" "all there" { table = count() >= 300000 && count() == count_distinct(id) }
}
`})
	p.apply()
	for round := range 3 {
		p.write(fmt.Sprintf("in/%d.csv", round+2), fmt.Sprintf("id,text\n%d,new\n%d,new\n%d,new\n", round, round+1, 400_000+round))
		p.apply()
		p.settled()
	}
	p.same("SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE text = 'new') FROM bronze.t", "300003|300003|7")
	p.same("SELECT id FROM bronze.t WHERE text = 'new'", "0", "1", "2", "3", "400000", "400001", "400002")
	p.with(func(ctx context.Context, lake *state.Lakehouse) {
		table, err := lake.Table(ctx, addr.Ident{Namespace: "bronze", Name: "t"})
		if err != nil {
			t.Fatal(err)
		}
		files, err := lake.Files(ctx, table, table.Main)
		if err != nil {
			t.Fatal(err)
		}
		deletes := 0
		for _, f := range files {
			if f.Rows == 300_000 {
				deletes += len(f.Deletes)
			}
		}
		if deletes != 1 || table.Rows != 300_003 {
			t.Errorf("of %d files, the large one has %d files of deletes; %d rows are counted", len(files), deletes, table.Rows)
		}
	})
}
