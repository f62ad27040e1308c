// Package postgres tests the provider postgres against a real server, directly and through etl.
package postgres

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/test/crash/lab"
	"github.com/automic-etl/etl/test/services"
)

// binary is where TestMain built etl; root is the repository; server is what the tests share.
var (
	binary, root string
	server       address
)

func TestMain(m *testing.M) {
	sdk.ServeBuiltIn(providers.BuiltIn())
	os.Exit(run(m))
}

// run takes the server that the environment names, or starts one for these tests alone.
func run(m *testing.M) int {
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	env := map[string]string{}
	for _, name := range []string{"ETL_TEST_POSTGRES_DSN", "ETL_TEST_POSTGRES_ADMIN_DSN", "ETL_TEST_POSTGRES_CERTS"} {
		env[name] = os.Getenv(name)
	}
	if env["ETL_TEST_POSTGRES_DSN"] == "" {
		started, err := services.Start("postgres")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer started.Close()
		env = started.Env
	}
	if server, err = newAddress(env); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// A check talks to a server; -rapid.checks on the command line still counts.
	if err := flag.Set("rapid.checks", "20"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return lab.Main(m, root, &binary)
}
