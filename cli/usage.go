package cli

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/lang/diag"
)

// usageError says what is wrong with the flags of a command line, in place of what the flag package says, and of a page of help.
func usageError(c *cli.Context, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return unknownFlag(c.Command, name)
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return fmt.Errorf("-%s needs a value: -%s=%s", name, name, placeholder(c.Command.Flags, name))
	}
	if found := invalidValue.FindStringSubmatch(text); found != nil {
		return fmt.Errorf("-%s=%s: %s", found[2], found[1], wanted(c.Command.Flags, found[2], found[3]))
	}
	return err
}

// invalidValue is how the flag package says that a value isn't what its flag takes.
var invalidValue = regexp.MustCompile(`^invalid (?:boolean )?value "(.*)" for (?:flag )?-([^ :]+): (.*)$`)

func unknownFlag(command *cli.Command, name string) error {
	var known, begins []string
	for _, f := range command.Flags {
		known = append(known, "-"+f.Names()[0])
		if strings.HasPrefix(f.Names()[0], name) {
			begins = append(begins, f.Names()[0])
		}
	}
	suggestion := diag.Suggest("-"+name, known)
	if len(begins) == 1 {
		suggestion = fmt.Sprintf(" Did you mean %q?", "-"+begins[0])
	}
	help := "etl help " + strings.TrimPrefix(command.HelpName, "etl ")
	if command.HelpName == "etl" {
		help = "etl help"
	}
	return fmt.Errorf("`%s` has no flag -%s.%s `%s` lists those it has", command.HelpName, name, suggestion, help)
}

// flagOf finds a flag by its name.
func flagOf(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		for _, known := range f.Names() {
			if known == name {
				return f
			}
		}
	}
	return nil
}

// placeholder is how the description of a flag calls its value.
func placeholder(flags []cli.Flag, name string) string {
	documented, ok := flagOf(flags, name).(cli.DocGenerationFlag)
	if !ok {
		return "VALUE"
	}
	if _, rest, quoted := strings.Cut(documented.GetUsage(), "`"); quoted {
		value, _, _ := strings.Cut(rest, "`")
		return value
	}
	return "VALUE"
}

// wanted says what a flag takes; reason is what it says itself.
func wanted(flags []cli.Flag, name, reason string) string {
	switch flagOf(flags, name).(type) {
	case *cli.BoolFlag:
		return "it must be true or false, or stand alone"
	case *cli.IntFlag:
		return "it must be a whole number"
	case *cli.DurationFlag:
		return "it must be a span of time such as 30s, 10m or 1h"
	}
	return reason
}

// atLeastOne refuses numbers with which nothing would be done.
func atLeastOne(name string) func(*cli.Context, int) error {
	return func(_ *cli.Context, given int) error {
		if given < 1 {
			return fmt.Errorf("-%s=%d: it must be 1 or more", name, given)
		}
		return nil
	}
}
