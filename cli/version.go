package cli

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"
)

// release is set by the linker (-X).
var release = "0.1.0-dev"

func version() string { return release }

func (e *environment) versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print the version",
		Action: func(*cli.Context) error {
			_, err := fmt.Fprintf(e.stdout, "etl %s (%s, %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
