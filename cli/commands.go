package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// commands lists them in the order of the help.
func commands(env *environment) []*cli.Command {
	list := []*cli.Command{
		env.initCommand(), env.validateCommand(), env.fmtCommand(),
		env.planCommand(), env.applyCommand(), env.runCommand(), env.destroyCommand(),
		env.showCommand(), env.queryCommand(), env.graphCommand(), env.stateCommand(),
		env.historyCommand(), env.rollbackCommand(), env.discoverCommand(), env.versionCommand(),
	}
	for _, c := range list {
		for _, one := range append([]*cli.Command{c}, c.Subcommands...) {
			bounded(one)
			one.OnUsageError = usageError
			one.HideHelpCommand = true // `etl show help` is about a table of that name
		}
	}
	return list
}

// bounded refuses arguments that a command would not look at: `etl destroy ADDRESS` must not destroy everything.
func bounded(c *cli.Command) {
	if strings.HasSuffix(c.ArgsUsage, "…]") || len(c.Subcommands) > 0 {
		return
	}
	most := len(strings.Fields(c.ArgsUsage))
	action := c.Action
	c.Action = func(ctx *cli.Context) error {
		if ctx.Args().Len() <= most {
			return action(ctx)
		}
		surplus := ctx.Args().Slice()[most]
		hint := ""
		if knows(c.Flags, "-target") {
			hint = fmt.Sprintf(" To choose a table, write -target=%s.", surplus)
		}
		if most == 0 {
			return fmt.Errorf("`etl %s` takes no arguments, and %q is one.%s", c.Name, surplus, hint)
		}
		return fmt.Errorf("`etl %s` takes %s, and %q is one argument too many.%s", c.Name, c.ArgsUsage, surplus, hint)
	}
}
