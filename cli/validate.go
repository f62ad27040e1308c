package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
)

func (e *environment) validateCommand() *cli.Command {
	return &cli.Command{
		Name:  "validate",
		Usage: "check all that needs no source and no lakehouse; reports all mistakes at once",
		Flags: append(e.variableFlags(), formatFlag("text", "json"), &cli.BoolFlag{Name: "json", Usage: "the same as -format=json"}),
		Action: func(c *cli.Context) error {
			return e.validate(c)
		},
	}
}

func (e *environment) validate(c *cli.Context) error {
	asJSON := c.Bool("json") || c.String("format") == "json"
	w, diags, err := e.parse(c.Context, false)
	if err != nil {
		return err
	}
	defer w.close(c.Context)
	diags = append(diags, w.check(c.Context)...)
	if asJSON {
		if err := view.DiagnosticsDocument(e.stdout, diags, w.files(), w.sensitive(e.viewOptions(e.stdout))); err != nil {
			return err
		}
		return exit(failedCode(diags.HasErrors()))
	}
	if w.report(diags) {
		return exit(exitError)
	}
	_, err = fmt.Fprintf(e.stdout, "The configuration is valid: %s, %s.\n",
		view.Plural(len(w.project.Sources), "source"), view.Plural(len(w.project.Tables), "table"))
	return err
}

func failedCode(failed bool) int {
	if failed {
		return exitError
	}
	return exitDone
}
