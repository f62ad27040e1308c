package mongodb

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestExample runs examples/mongodb over what its seed.js makes, and over what happens then.
func TestExample(t *testing.T) {
	ctx := context.Background()
	db := newDatabase(t)
	price := func(text string) bson.Decimal128 {
		d, err := bson.ParseDecimal128(text)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	day := func(text string) time.Time {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	line := func(item string, quantity int, each string) bson.D {
		return bson.D{{Key: "item", Value: item}, {Key: "quantity", Value: quantity}, {Key: "price", Value: price(each)}}
	}
	customers, orders := db.Collection("customers"), db.Collection("orders")
	insert(t, customers,
		bson.D{{Key: "_id", Value: "ada"}, {Key: "name", Value: "Ada"}, {Key: "country", Value: "GB"}, {Key: "zip", Value: "SW1A"}, {Key: "updatedAt", Value: day("2026-01-01T10:00:00Z")}},
		bson.D{{Key: "_id", Value: "grace"}, {Key: "name", Value: "Grace"}, {Key: "country", Value: "US"}, {Key: "zip", Value: 22201}, {Key: "updatedAt", Value: day("2026-01-02T10:00:00Z")}})
	insert(t, orders,
		bson.D{{Key: "_id", Value: 1}, {Key: "customer", Value: "Ada"}, {Key: "status", Value: "open"}, {Key: "total", Value: price("7.50")}, {Key: "placedAt", Value: day("2026-02-01T09:00:00Z")},
			{Key: "lines", Value: bson.A{line("tea", 3, "2.50")}}},
		bson.D{{Key: "_id", Value: 2}, {Key: "customer", Value: "grace"}, {Key: "status", Value: "open"}, {Key: "total", Value: price("12.00")}, {Key: "placedAt", Value: day("2026-02-01T10:00:00Z")},
			{Key: "lines", Value: bson.A{line("tea", 2, "2.50"), line("milk", 7, "1.00")}}})
	l := lab.New(t, program)
	files, err := filepath.Glob(filepath.Join(root, "examples", "mongodb", "*.etl.hcl"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no example: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		l.Write(t, map[string]string{filepath.Base(file): strings.Replace(string(text), `database = "shop"`, `database = "`+db.Name()+`"`, 1)})
	}
	apply := func() {
		t.Helper()
		l.RunWith(t, []string{"MONGODB_URI=" + uri}, "apply", "-auto-approve").Check(t, 0, "apply")
	}
	says := func(query, want string) {
		t.Helper()
		if r := l.RunWith(t, []string{"MONGODB_URI=" + uri}, "query", "-format=csv", query); strings.TrimSpace(r.Stdout) != want {
			t.Errorf("%s\n%s\ninstead of\n%s", query, r.Output(), want)
		}
	}
	apply()
	says("SELECT * FROM gold.revenue ORDER BY ALL", "country,item,quantity,revenue\nGB,tea,3,7.5\nUS,milk,7,7.0\nUS,tea,2,5.0")
	update(t, orders, 1, bson.D{{Key: "status", Value: "paid"}})
	if err := second(orders.DeleteOne(ctx, bson.D{{Key: "_id", Value: 2}})); err != nil {
		t.Fatal(err)
	}
	if err := second(customers.DeleteOne(ctx, bson.D{{Key: "_id", Value: "grace"}})); err != nil {
		t.Fatal(err)
	}
	insert(t, orders, bson.D{{Key: "_id", Value: 3}, {Key: "customer", Value: "ada"}, {Key: "status", Value: "open"}, {Key: "total", Value: price("1.00")}, {Key: "placedAt", Value: day("2026-02-02T09:00:00Z")},
		{Key: "lines", Value: bson.A{line("milk", 1, "1.00")}}})
	apply()
	says("SELECT * FROM gold.revenue ORDER BY ALL", "country,item,quantity,revenue\nGB,milk,1,1.0\nGB,tea,3,7.5")
	says("SELECT _id, status, is_current FROM silver.order_history ORDER BY _id, valid_from", "_id,status,is_current\n1,open,false\n1,paid,true\n2,open,false\n3,open,true")
	says("SELECT _id, zip FROM bronze.customers", "_id,zip\nada,SW1A")
	says("SELECT _etl_op, _id FROM bronze.orders ORDER BY _etl_position", "_etl_op,_id\ntruncate,\ninsert,1\ninsert,2\nupdate,1\ndelete,2\ninsert,3")
}
