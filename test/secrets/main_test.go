// Package secrets gives etl a secret and a provider that can't keep one, and looks for it in everything that etl prints,
// writes, records and starts.
package secrets

import (
	"os"
	"testing"

	"github.com/automic-etl/etl/cli"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
)

// asCLI makes this test binary etl, with the provider of this package beside the built-in ones.
const asCLI = "ETL_TEST_AS_CLI"

func TestMain(m *testing.M) {
	if os.Getenv(asCLI) != "" || os.Getenv("ETL_PLUGIN") != "" {
		builtIn := providers.BuiltIn()
		builtIn["leaky"] = leaky{}
		os.Exit(cli.Main(os.Args, builtIn))
	}
	os.Exit(m.Run())
}

var _ sdk.Provider = leaky{}
