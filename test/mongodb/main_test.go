// Package mongodb tests the provider mongodb against a server, alone and through etl.
package mongodb

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/test/services"
)

// uri is the server's: the one that ETL_TEST_MONGODB_URI names, or one of the tests' own.
var uri string

// TestMain is a provider's process as well: the conformance suite runs the provider as etl does.
func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(map[string]sdk.Provider{"mongodb": mongodb.New()})
	os.Exit(withServer(m.Run))
}

func withServer(run func() int) int {
	if uri = os.Getenv("ETL_TEST_MONGODB_URI"); uri != "" {
		return run()
	}
	server, err := services.Start("mongodb")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer server.Close()
	uri = server.Env["ETL_TEST_MONGODB_URI"]
	return run()
}

var databases atomic.Int64

// newDatabase is empty, and gone after the test.
func newDatabase(t *testing.T) *mongo.Database {
	t.Helper()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("%s_%d_%d", strings.ToLower(strings.NewReplacer("/", "_", "#", "_").Replace(t.Name())), os.Getpid(), databases.Add(1))
	if len(name) > 60 {
		name = name[len(name)-60:]
	}
	db := client.Database(name)
	t.Cleanup(func() {
		_ = db.Drop(context.Background())
		_ = client.Disconnect(context.Background())
	})
	return db
}
