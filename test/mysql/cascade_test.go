package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// TestCascades follows tables with foreign keys, as a user who may only read: of rows that change with others without being
// logged each plan warns, and a snapshot has them.
func TestCascades(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE orders (id int primary key) ENGINE = InnoDB")
		user := "cascades_reader"
		l.exec("DROP USER IF EXISTS "+user+"@'%'", "CREATE USER "+user+"@'%' IDENTIFIED BY '"+canary+"'", "GRANT SELECT, LOCK TABLES ON `"+l.database+"`.* TO "+user+"@'%'",
			"GRANT REPLICATION SLAVE, "+map[string]string{"mysql": "REPLICATION CLIENT", "mariadb": "BINLOG MONITOR"}[l.flavor]+" ON *.* TO "+user+"@'%'")
		defer l.exec("DROP USER " + user + "@'%'")
		for i, c := range []struct {
			rule   string
			warned bool
		}{
			{"ON DELETE CASCADE", true}, {"ON DELETE SET NULL", true}, {"ON UPDATE CASCADE", true}, {"ON DELETE RESTRICT ON UPDATE SET NULL", true},
			{"ON DELETE NO ACTION ON UPDATE RESTRICT", false}, {"", false},
		} {
			t.Run(c.rule, func(t *testing.T) {
				l := *l
				l.t = t
				name := fmt.Sprintf("items%d", i)
				l.exec("DELETE FROM orders", "INSERT INTO orders VALUES (1), (2)", fmt.Sprintf("CREATE TABLE %s (id int primary key, `order` int, plain int COMMENT "+
					"'ON DELETE CASCADE', CONSTRAINT `fk, %d``s` FOREIGN KEY (`order`) REFERENCES orders (id) %s) ENGINE = InnoDB", name, i, c.rule),
					"INSERT INTO "+name+" VALUES (1, 1, 1), (2, 2, 2)")
				defer l.exec("DROP TABLE " + name)
				f := l.follow(table(name))
				f.cfg.Connection = l.connection(map[string]cty.Value{"user": cty.StringVal(user), "password": cty.StringVal(canary)})
				for range 2 {
					said := f.run().Warnings.Error()
					if want := fmt.Sprintf("(`fk, %d``s`)", i); strings.Contains(said, "Changes that the log doesn't have") != c.warned || strings.Contains(said, want) != c.warned {
						t.Errorf("the plan says %s", said)
					}
				}
				if !c.warned {
					return
				}
				if strings.Contains(c.rule, "ON UPDATE") {
					l.exec("UPDATE orders SET id = 9 WHERE id = 1")
				} else {
					l.exec("DELETE FROM orders WHERE id = 1")
				}
				f.run()
				if len(f.ops) > 0 {
					t.Errorf("the log has %v, and the warning is wrong", f.ops)
				}
				f.cursor = nil
				f.run()
				f.check("a new snapshot")
			})
		}
	})
}
