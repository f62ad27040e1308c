package binlog

import (
	"fmt"
	"strings"
	"testing"
)

// TestRenamings reads what statements do to the names of columns.
func TestRenamings(t *testing.T) {
	for _, c := range []struct{ statement, want string }{
		{"ALTER TABLE orders RENAME COLUMN a TO b, RENAME COLUMN `b` TO a", "a>b b>a"}, {"alter table shop.Orders change a b int, change column b a varchar(9) default 'x, y'", "a>b b>a"},
		{"ALTER ONLINE IGNORE TABLE IF EXISTS `orders` WAIT 5 DROP a, ADD a int", "a> >a"}, {"ALTER TABLE orders NOWAIT DROP COLUMN IF EXISTS a, ADD COLUMN IF NOT EXISTS a int", "a> >a?"},
		{"ALTER TABLE orders ADD (a int, `b c` decimal(9, 2) default (1 + 2), c enum('x', 'y')), ADD d int AFTER a", ">a >b c >c >d"},
		{"ALTER TABLE orders ADD `key` int, ADD KEY (a), ADD UNIQUE INDEX i (a, b), ADD PRIMARY KEY (a), ADD CONSTRAINT c CHECK (a > 1), ADD FOREIGN KEY (a) REFERENCES x (y), ADD FULLTEXT f (a)", ">key"},
		{"ALTER TABLE orders DROP INDEX a, DROP KEY b, DROP PRIMARY KEY, DROP FOREIGN KEY c, DROP CHECK d, DROP CONSTRAINT e, DROP PARTITION f", ""},
		{"ALTER TABLE orders ADD SYSTEM VERSIONING, ADD PERIOD FOR SYSTEM_TIME(a, b), ADD system int, ADD COLUMN period int, DROP SYSTEM VERSIONING, DROP PERIOD FOR SYSTEM_TIME", ">system >period"},
		{"ALTER TABLE orders MODIFY a int, ALTER COLUMN b SET DEFAULT 5, RENAME INDEX a TO b, ENGINE = InnoDB, CHANGE a A int, RENAME COLUMN a TO A", ""},
		{"ALTER TABLE orders /*!80000 RENAME COLUMN a TO b */ /* , DROP c */ -- , DROP d\n, DROP # e\n f", "a>b f>"},
		{"ALTER TABLE orders ADD a varchar(9) DEFAULT \",)(\" COMMENT 'x'', DROP b', DROP c", ">a c>"}, {"ALTER TABLE orders ADD a int, ALGORITHM=INPLACE, LOCK=NONE", ">a"},
		{"ALTER TABLE other.orders DROP a", ""}, {"ALTER TABLE others DROP a", ""}, {"ALTER VIEW orders AS SELECT 1", ""}, {"DROP TABLE orders", ""}, {"ALTER TABLE orders", ""},
		{"ALTER TABLE orders DROP", ""}, {"ALTER TABLE orders ADD", ""}, {"ALTER TABLE orders ADD (", ""}, {"ALTER TABLE orders RENAME COLUMN a TO", ""}, {"ALTER TABLE orders CHANGE a", ""}, {"ALTER TABLE orders ,,", ""},
	} {
		var got []string
		for _, r := range renamings(c.statement, "shop", followed{"shop", "orders", false}) {
			text := r.from + ">" + r.to
			if r.perhaps {
				text += "?"
			}
			got = append(got, text)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s does %v instead of %s", c.statement, got, c.want)
		}
	}
}

// TestNames follows the names a and b, under which values were read.
func TestNames(t *testing.T) {
	for _, c := range []struct{ statements, taken, gone string }{
		{"RENAME COLUMN a TO b, RENAME COLUMN b TO a", "b a", ""},
		{"RENAME COLUMN a TO t; RENAME COLUMN b TO a", "a", "b"},
		{"RENAME COLUMN a TO t; RENAME COLUMN t TO a", "", ""},
		{"RENAME COLUMN a TO t; RENAME COLUMN t TO u; RENAME COLUMN u TO A", "", ""},
		{"RENAME COLUMN a TO t; rows t b; RENAME COLUMN t TO a", "a", "t"},
		{"RENAME COLUMN a TO c", "", "a"}, {"DROP a", "", "a"}, {"ADD c int", "", ""}, {"MODIFY a int", "", ""}, {"CHANGE a A int", "", ""},
		{"DROP a, ADD a int", "a", ""}, {"DROP a; ADD a int", "a", ""}, {"DROP a; ADD COLUMN IF NOT EXISTS a int", "a", ""}, {"ADD COLUMN IF NOT EXISTS a int", "", ""},
		{"ADD a int", "a", ""}, {"DROP a, RENAME COLUMN b TO a", "a", "b"}, {"CHANGE a c int, ADD A int", "A", ""}, {"DROP gone", "", ""},
		{"ADD c int; DROP c; ADD c int", "", ""}, {"ADD c int; rows a b c; DROP c; ADD c int", "c", ""}, {"rows b; ADD a int", "a", ""},
		{"ADD c int; ADD c int", "", ""}, {"emptied; DROP a, ADD a int", "", ""}, {"DROP a; emptied; ADD a int", "", ""}, {"emptied; rows a; DROP a, ADD a int", "a", ""},
		{"RENAME COLUMN a TO x", "x", "a"}, {"ADD x int", "", ""}, {"ADD x int; DROP x; RENAME COLUMN a TO x", "x", "a"}, {"ADD x int; rows a b x; DROP x; ADD x int", "x", ""},
		{"ADD x int; RENAME COLUMN x TO y; RENAME COLUMN y TO x", "", ""}, {"ADD COLUMN IF NOT EXISTS x int", "", ""}, {"emptied; RENAME COLUMN a TO x", "", ""},
		{"emptied; rows a; RENAME COLUMN a TO b", "b", "a"}, {"emptied; rows a; ADD b int", "", ""}, {"RENAME COLUMN a TO y; RENAME COLUMN y TO x", "x", "a"},
	} {
		n := NewNames([]string{"a", "B", "X"}, []string{"a", "B"}, nil, []string{"x"})
		var taken []string
		for statement := range strings.SplitSeq(c.statements, "; ") {
			if columns, rows := strings.CutPrefix(statement, "rows "); rows {
				var described []Column
				for column := range strings.FieldsSeq(columns) {
					described = append(described, Column{Name: column})
				}
				n.described(described)
				continue
			}
			if statement == "emptied" {
				n.emptied()
				continue
			}
			statement = "ALTER TABLE t " + statement
			taken = append(taken, n.alter(statement, renamings(statement, "x", followed{"x", "t", false}))...)
		}
		if got := strings.Join(taken, " "); got != c.taken || strings.Join(n.Gone(), " ") != c.gone {
			t.Errorf("%s takes %q instead of %q, and %v are gone instead of %s", c.statements, got, c.taken, n.Gone(), c.gone)
		}
	}
}

// TestUnread leaves out what was read, or is known to have come.
func TestUnread(t *testing.T) {
	n := NewNames([]string{"a", "g", "b", "C"}, []string{"a"}, []string{"g"}, []string{"b", "c"})
	n.alter("1", []renaming{{to: "New"}, {to: "B"}})
	if got := fmt.Sprint(n.Unread([]string{"A", "g", "b", "C", "new", "later"}), n.Absent(), n.Added); got != "[C later] [c] [b]" {
		t.Error(got)
	}
	n.emptied()
	n.described([]Column{{Name: "a"}, {Name: "B"}})
	if got := fmt.Sprint(n.Absent(), n.Gone()); got != "[c g] []" {
		t.Error(got)
	}
}

// TestAnew knows when all rows have all columns, since they came after these.
func TestAnew(t *testing.T) {
	for _, c := range []struct {
		statements string
		want       bool
	}{
		{"", false}, {"ADD c int", false}, {"emptied", true}, {"emptied; rows a c", true}, {"emptied; ADD c int; rows a c", true}, {"rows a; emptied; rows c", true},
		{"emptied; rows a; ADD c int", false}, {"emptied; rows a; ADD c int; rows a c", false}, {"emptied; rows a; ADD c int; emptied", true},
	} {
		n := NewNames([]string{"a"}, []string{"a"}, nil, nil)
		for statement := range strings.SplitSeq(c.statements, "; ") {
			switch columns, rows := strings.CutPrefix(statement, "rows "); {
			case statement == "emptied":
				n.emptied()
			case rows:
				var described []Column
				for column := range strings.FieldsSeq(columns) {
					described = append(described, Column{Name: column})
				}
				n.described(described)
			default:
				n.alter(statement, renamings("ALTER TABLE t "+statement, "x", followed{"x", "t", false}))
			}
		}
		if n.Anew != c.want {
			t.Errorf("after %q all rows have all columns: %v", c.statements, n.Anew)
		}
	}
}

func FuzzRenamings(f *testing.F) {
	f.Add("ALTER TABLE orders ADD (a int, `b``c` int), RENAME COLUMN \"a\" TO b, /*!80000 CHANGE */ COLUMN IF EXISTS x y int")
	f.Add("ALTER IGNORE TABLE shop.orders WAIT 5 DROP a, ADD COLUMN IF NOT EXISTS a enum('(', ',')")
	f.Fuzz(func(t *testing.T, statement string) {
		all := renamings(statement, "shop", followed{"shop", "orders", false})
		for _, r := range all {
			if r.from == "" && r.to == "" || r.from != "" && strings.EqualFold(r.from, r.to) {
				t.Errorf("%q does %+v", statement, r)
			}
		}
		NewNames([]string{"a", "b"}, []string{"a"}, nil, []string{"b"}).alter(statement, all)
	})
}
