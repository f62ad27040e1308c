package mysql

import "testing"

func TestNames(t *testing.T) {
	for _, c := range []struct{ written, database, table, sql string }{
		{"orders", "", "orders", "`orders`"}, {"shop.orders", "shop", "orders", "`shop`.`orders`"}, {"Shop.my orders", "Shop", "my orders", "`Shop`.`my orders`"},
		{"`a.b`", "", "a.b", "`a.b`"}, {"`sh``op`.`x`", "sh`op", "x", "`sh``op`.`x`"}, {"shop.`a.b`", "shop", "a.b", "`shop`.`a.b`"},
	} {
		got, err := parseName(c.written)
		if err != nil || got != (name{c.database, c.table}) || got.sql() != c.sql {
			t.Errorf("%s is read as %+v, %s: %v", c.written, got, got.sql(), err)
		}
		if again, err := parseName(got.written()); err != nil || again != got {
			t.Errorf("%s is written %s, which is read as %+v", c.written, got.written(), again)
		}
	}
	for _, written := range []string{"", ".", "a.", ".a", "a.b.c", "`a", "``", "`a`b", "a..b"} {
		if got, err := parseName(written); err == nil {
			t.Errorf("%q is read as %+v", written, got)
		}
	}
}

func FuzzNames(f *testing.F) {
	f.Add("`a``b`.c")
	f.Fuzz(func(t *testing.T, written string) {
		got, err := parseName(written)
		if err != nil {
			return
		}
		if again, err := parseName(got.sql()); err != nil || again != got {
			t.Errorf("%q is %+v, and comes back as %+v: %v", written, got, again, err)
		}
	})
}

func TestGrants(t *testing.T) {
	for _, c := range []struct {
		grant, database string
		want            bool
	}{
		{"GRANT ALL PRIVILEGES ON *.* TO `etl`@`%`", "shop", true},
		{"GRANT SELECT, LOCK TABLES ON `shop`.* TO `etl`@`%`", "shop", true},
		{"GRANT SELECT, LOCK TABLES ON `sh\\_op`.* TO `etl`@`%`", "sh_op", true},
		{"GRANT LOCK TABLES ON `sh\\_op`.* TO `etl`@`%`", "shxop", false},
		{"GRANT LOCK TABLES ON `s%`.* TO `etl`@`%`", "shop", true},
		{"GRANT LOCK TABLES ON `other`.* TO `etl`@`%`", "shop", false},
		{"GRANT SELECT ON *.* TO `etl`@`%`", "shop", false},
		{"GRANT SELECT ON `shop`.`orders` TO `etl`@`%`", "shop", false},
		{"GRANT USAGE ON *.* TO `etl`@`%`", "shop", false},
	} {
		if got := allows(c.grant, "LOCK TABLES", c.database); got != c.want {
			t.Errorf("%s allows it in %s: %v", c.grant, c.database, got)
		}
	}
}
