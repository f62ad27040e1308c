package cli

import "github.com/urfave/cli/v2"

// commands lists them in the order of the help.
func commands(env *environment) []*cli.Command {
	return []*cli.Command{
		env.initCommand(), env.validateCommand(), env.fmtCommand(),
		env.planCommand(), env.applyCommand(), env.runCommand(), env.destroyCommand(),
		env.showCommand(), env.queryCommand(), env.graphCommand(), env.stateCommand(),
		env.historyCommand(), env.rollbackCommand(), env.versionCommand(),
	}
}
