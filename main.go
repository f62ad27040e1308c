// Command etl is plan and apply for the lakehouse.
package main

import (
	"fmt"
	"os"

	"github.com/automic-etl/etl/cli"
	"github.com/automic-etl/etl/providers"
	"github.com/automic-etl/etl/providers/delivery"
)

func main() {
	if err := delivery.CompressPages(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(cli.Main(os.Args, providers.BuiltIn()))
}
