// Command etl is plan and apply for the lakehouse.
package main

import (
	"os"

	"github.com/automic-etl/etl/cli"
	"github.com/automic-etl/etl/providers"
)

func main() {
	os.Exit(cli.Main(os.Args, providers.BuiltIn()))
}
