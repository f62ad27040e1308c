package mongodb

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestDiscoveredBlocksWork pastes what etl discover prints, and loads it all.
func TestDiscoveredBlocksWork(t *testing.T) {
	db := newDatabase(t)
	insert(t, db.Collection("orders"), bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "created", Value: time.Now()}, {Key: "updatedAt", Value: time.Now()}},
		bson.D{{Key: "_id", Value: bson.NewObjectID()}, {Key: "created", Value: time.Now()}})
	insert(t, db.Collection(`Odd.name "y" {z}`), bson.D{{Key: "_id", Value: 1}, {Key: "select me", Value: "Ada"}, {Key: "${at}", Value: time.Now()}})
	insert(t, db.Collection("plain"), bson.D{{Key: "_id", Value: 1}})
	l := lab.New(t, program)
	l.Write(t, map[string]string{"shop.etl.hcl": fmt.Sprintf("connection \"mongodb\" \"main\" {\n  uri      = env(\"SHOP_URI\")\n  database = %q\n}\n", db.Name())})
	run := func(args ...string) lab.Result {
		t.Helper()
		r := l.RunWith(t, []string{"SHOP_URI=" + uri}, args...)
		r.Check(t, 0, args...)
		return r
	}
	found := run("discover", "mongodb", "connection.mongodb.main").Stdout
	for _, said := range []string{"cursor = updatedAt # or created, _id", "key    = [_id]", "# No index begins with updatedAt: "} {
		if !strings.Contains(found, said) {
			t.Errorf("%q is not in\n%s", said, found)
		}
	}
	names := regexp.MustCompile(`(?m)^source "mongodb" "([a-z0-9_]+)"`).FindAllStringSubmatch(found, -1)
	if len(names) != 3 {
		t.Fatalf("discovered %d sources:\n%s", len(names), found)
	}
	var tables strings.Builder
	for _, name := range names {
		fmt.Fprintf(&tables, "\ntable \"bronze\" %q { from = source.mongodb.%s }\n", name[1], name[1])
	}
	l.Write(t, map[string]string{"found.etl.hcl": found, "tables.etl.hcl": strings.TrimPrefix(tables.String(), "\n")})
	run("fmt", "-check")
	run("plan")
	run("apply", "-auto-approve")
	for table, rows := range map[string]string{"orders": "2", names[0][1]: "1", "plain": "1"} {
		if got := strings.Fields(run("query", "-format=csv", "SELECT count(*) FROM bronze."+table).Stdout); got[len(got)-1] != rows {
			t.Errorf("bronze.%s has %s rows instead of %s", table, got[len(got)-1], rows)
		}
	}
	if again := run("discover", "mongodb", "connection.mongodb.main", "p*"); strings.Count(again.Stdout, "reads it already") != 1 {
		t.Errorf("discovered again\n%s", again.Stdout)
	}
}
