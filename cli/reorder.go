package cli

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// reorder puts a command's flags before its arguments, since urfave/cli stops reading flags at the first argument. A "--"
// ends the flags, as everywhere.
func reorder(app *cli.App, args []string) []string {
	if len(args) == 0 {
		return args
	}
	head, rest := splitFlags(app.Flags, args[1:])
	out := append([]string{args[0]}, head...)
	command := find(app.Commands, rest)
	for command != nil {
		out = append(out, rest[0])
		rest = rest[1:]
		next := find(command.Subcommands, rest)
		if next == nil {
			break
		}
		command = next
	}
	if command == nil {
		return append(out, rest...)
	}
	global, rest := takeGlobal(app.Flags, command.Flags, rest)
	flags, arguments := partition(command.Flags, rest)
	out = append(append(append([]string{out[0]}, global...), out[1:]...), flags...)
	return append(out, arguments...)
}

// takeGlobal takes the flags of etl itself out of those behind a command, where they may stand as well.
func takeGlobal(global, own []cli.Flag, args []string) (taken, rest []string) {
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return taken, append(rest, args[i:]...)
		}
		if !isFlag(args[i]) || !knows(global, args[i]) || knows(own, args[i]) {
			rest = append(rest, args[i])
			if isFlag(args[i]) && takesNext(own, args[i]) && i+1 < len(args) {
				i++
				rest = append(rest, args[i])
			}
			continue
		}
		taken = append(taken, args[i])
		if takesNext(global, args[i]) && i+1 < len(args) {
			i++
			taken = append(taken, args[i])
		}
	}
	return taken, rest
}

func knows(flags []cli.Flag, arg string) bool {
	name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
	for _, f := range flags {
		for _, known := range f.Names() {
			if known == name {
				return true
			}
		}
	}
	return false
}

func find(commands []*cli.Command, args []string) *cli.Command {
	if len(args) == 0 {
		return nil
	}
	for _, c := range commands {
		if c.HasName(args[0]) {
			return c
		}
	}
	return nil
}

// splitFlags takes the flags at the front.
func splitFlags(flags []cli.Flag, args []string) (head, rest []string) {
	for len(args) > 0 && isFlag(args[0]) {
		n := 1
		if takesNext(flags, args[0]) && len(args) > 1 {
			n = 2
		}
		head, args = append(head, args[:n]...), args[n:]
	}
	return head, args
}

// partition sorts flags from arguments, wherever they stand.
func partition(flags []cli.Flag, args []string) (found, arguments []string) {
	for len(args) > 0 {
		if args[0] == "--" {
			return append(found, "--"), append(arguments, args[1:]...)
		}
		if !isFlag(args[0]) {
			arguments, args = append(arguments, args[0]), args[1:]
			continue
		}
		n := 1
		if takesNext(flags, args[0]) && len(args) > 1 {
			n = 2
		}
		found, args = append(found, args[:n]...), args[n:]
	}
	return found, arguments
}

func isFlag(arg string) bool { return len(arg) > 1 && arg[0] == '-' && arg != "--" }

// takesNext says whether a flag's value is the next argument: it has none of its own, and isn't a switch.
func takesNext(flags []cli.Flag, arg string) bool {
	name := strings.TrimLeft(arg, "-")
	if strings.Contains(name, "=") {
		return false
	}
	for _, f := range flags {
		for _, known := range f.Names() {
			if known == name {
				_, isSwitch := f.(*cli.BoolFlag)
				return !isSwitch
			}
		}
	}
	return false
}
