package slot

import (
	"regexp"
	"strings"
	"testing"
)

// TestName names slots after their block, as people would look for them.
func TestName(t *testing.T) {
	end := func(name string) string { return name[max(0, len(name)-9):] }
	for _, test := range [][3]string{
		{"shop", "source.postgres.orders", "etl_shop_orders"},
		{"shop", "source.postgres.order_lines", "etl_shop_order_lines"},
		{"shop2", "source.postgres.o2", "etl_shop2_o2"},
		{"my-shop", "source.postgres.orders", "etl_my_shop_orders_8368c0df"},
		{"my_shop", "source.postgres.orders", "etl_my_shop_orders_1"},
		{"Shop", "source.postgres.Orders", "etl_shop_orders_1"},
		{"shop", `source.postgres.orders["eu"]`, "etl_shop_orders__eu___1"},
		{"shop", "source.postgres." + strings.Repeat("long", 20), "etl_shop_" + strings.Repeat("long", 11) + "l_1"},
	} {
		got := Name(test[0], test[1], "")
		plain, hashed := strings.CutSuffix(test[2], "_1")
		if hashed && !regexp.MustCompile("^"+plain+"_[0-9a-f]{8}$").MatchString(got) || !hashed && got != test[2] {
			t.Errorf("the slot of %s in %s is %s, not %s", test[1], test[0], got, test[2])
		}
		for _, lakehouse := range []string{"one", "other"} {
			own := Name(test[0], test[1], lakehouse)
			if whole := got + end(own); own != whole && len(whole) <= maxName || !regexp.MustCompile("^_[0-9a-f]{8}$").MatchString(end(own)) {
				t.Errorf("the slot of %s in %s of a lakehouse is %s, and %s without one", test[1], test[0], own, got)
			}
		}
	}
	if one, other := Name("shop", "source.postgres.orders", "one"), Name("shop", "source.postgres.orders", "other"); one == other || one != "etl_shop_orders_856555e1" {
		t.Errorf("two lakehouses have the slots %s and %s", one, other)
	}
	seen := map[string]string{}
	for _, block := range [][2]string{{"a_b", "c"}, {"a", "b_c"}, {"a-b", "c"}, {"a.b", "c"}, {"A_b", "c"}, {"a", "B_c"}, {"a", "b-c"}, {"a", "b c"}} {
		name := Name(block[0], "source.postgres."+block[1], "one")
		if other := seen[name]; other != "" {
			t.Errorf("%v and %s share the slot %s", block, other, name)
		}
		seen[name] = strings.Join(block[:], " ")
	}
}

// FuzzName makes names of anything that the server takes, and keeps blocks apart.
func FuzzName(f *testing.F) {
	f.Add("shop", "orders", "Orders", "")
	f.Add("my-shop", `orders["eu"]`, "orders__eu__", "one")
	f.Add("é", "b_c", "\x00", "other")
	allowed := regexp.MustCompile("^etl_[a-z0-9_]{1,59}$")
	f.Fuzz(func(t *testing.T, project, one, other, lakehouse string) {
		a, b := Name(project, "source.postgres."+one, lakehouse), Name(project, "source.postgres."+other, lakehouse)
		if !allowed.MatchString(a) || a != Name(project, "source.postgres."+one, lakehouse) {
			t.Fatalf("the name is %q", a)
		}
		if a == Name(project, "source.postgres."+one, lakehouse+".") {
			t.Fatalf("two lakehouses share the name %s", a)
		}
		if one != other && a == b {
			t.Fatalf("%q and %q share the name %s", one, other, a)
		}
	})
}
