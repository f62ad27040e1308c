package cli

import "github.com/urfave/cli/v2"

func (e *environment) destroyCommand() *cli.Command {
	return &cli.Command{
		Name:  "destroy",
		Usage: "drop what this project owns, files too, after asking",
		Flags: append(e.variableFlags(), applyFlags()...),
		Action: func(c *cli.Context) error {
			w, err := e.load(c.Context, true)
			if err != nil {
				return err
			}
			defer w.close(c.Context)
			if err := w.mustOpen(c.Context, false); err != nil {
				return err
			}
			options := planOptions(c)
			options.Destroy = true
			return w.planAndApply(c.Context, c, options)
		},
	}
}
