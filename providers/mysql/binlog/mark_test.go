package binlog

import "testing"

// TestWithout asks for a transaction once more.
func TestWithout(t *testing.T) {
	const a, b = "0a0a0a0a-0000-0000-0000-000000000001", "0b0b0b0b-0000-0000-0000-000000000002"
	for _, c := range []struct {
		maria bool
		set   string
		mark  Mark
		want  string // empty where it can't be
	}{
		{false, a + ":1-9", Mark{GTID: a + ":9"}, a + ":1-8"},
		{false, a + ":1-9," + b + ":1", Mark{GTID: b + ":1"}, a + ":1-9"},
		{false, a + ":1-9", Mark{GTID: a + ":5"}, a + ":1-4:6-9"},
		{false, a + ":1-9", Mark{GTID: a + ":10"}, ""},
		{false, a + ":1-9", Mark{GTID: "nonsense"}, ""},
		{true, "0-1-9,3-2-4", Mark{GTID: "3-2-4", Before: "3-1-3"}, "0-1-9,3-1-3"},
		{true, "0-1-9", Mark{GTID: "0-1-8", Before: "0-1-7"}, ""},
		{true, "0-1-1,3-2-4", Mark{GTID: "0-1-1"}, "3-2-4"},
		{true, "0-1-9", Mark{GTID: "0-1-9", Before: "1-1-8"}, ""},
		{true, "0-1-9", Mark{}, ""},
	} {
		set, err := ParseGTIDs(c.maria, c.set)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := set.Without(&c.mark)
		if ok != (c.want != "") || ok && got.String() != c.want || set.String() != c.set {
			t.Errorf("%s without %+v is %s, %v instead of %s", c.set, c.mark, got, ok, c.want)
		}
	}
}

// TestNewest guesses the last transaction of a server.
func TestNewest(t *testing.T) {
	const a, b = "0a0a0a0a-0000-0000-0000-000000000001", "0b0b0b0b-0000-0000-0000-000000000002"
	for _, c := range []struct {
		maria     bool
		set, want string
	}{
		{false, a + ":1-5:7-9," + b + ":1-20", a + ":9 "}, {false, b + ":1-20", ""}, {false, "", ""},
		{true, "0-1-9,3-2-4", "3-2-4 3-2-3"}, {true, "3-2-1", "3-2-1 "}, {true, "0-1-9", ""}, {true, "", ""},
	} {
		set, err := ParseGTIDs(c.maria, c.set)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if m := set.Newest(a, 3); m != nil {
			got = m.GTID + " " + m.Before
		}
		if got != c.want {
			t.Errorf("the newest of %s is %q instead of %q", c.set, got, c.want)
		}
	}
}

// TestContradicts takes two for the same unless both tell that they aren't.
func TestContradicts(t *testing.T) {
	const minute = 60_000_000
	for _, c := range []struct {
		a, b             Mark
		exact, elsewhere bool
	}{
		{Mark{GTID: "0-1-2", At: 5}, Mark{GTID: "0-1-2", At: 5}, false, false}, {Mark{GTID: "0-1-2", At: 5}, Mark{GTID: "0-1-2", At: 6}, true, false},
		{Mark{GTID: "0-1-2", At: 5}, Mark{GTID: "0-1-2", At: 11 * minute}, true, true}, {Mark{GTID: "0-1-2", At: 11 * minute}, Mark{GTID: "0-1-2", At: 5}, true, true},
		{Mark{GTID: "0-1-2", At: 5}, Mark{GTID: "0-1-2"}, false, false}, {Mark{GTID: "0-1-2"}, Mark{GTID: "0-1-2", At: 6}, false, false},
		{Mark{GTID: "0-1-2"}, Mark{GTID: "0-2-2"}, true, true},
	} {
		if exact, elsewhere := c.a.contradicts(&c.b, true), c.a.contradicts(&c.b, false); exact != c.exact || elsewhere != c.elsewhere {
			t.Errorf("%v and %v: %v, of another server %v", &c.a, &c.b, exact, elsewhere)
		}
	}
}
