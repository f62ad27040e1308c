// Package mongodb tests the provider mongodb against a server, alone and through etl.
package mongodb

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/test/crash/lab"
	"github.com/automic-etl/etl/test/services"
)

// uri is the server's: the one that ETL_TEST_MONGODB_URI names, or one of the tests' own. program is where etl was built,
// root is the repository.
var uri, program, root string

// TestMain is a provider's process as well: the conformance suite runs the provider as etl does.
func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(providers.BuiltIn())
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if uri = os.Getenv("ETL_TEST_MONGODB_URI"); uri == "" {
		server, err := services.Start("mongodb")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer server.Close()
		uri = server.Env["ETL_TEST_MONGODB_URI"]
	}
	// A check talks to a server; -rapid.checks on the command line still counts.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return lab.Main(m, root, &program)
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
