package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/lang/diag"
)

// choice is a flag that is one of a few words, the first of which it is if nobody says anything. What says begins its description.
func choice(name, says string, words ...string) *cli.StringFlag {
	return &cli.StringFlag{Name: name, Value: words[0], Usage: says + alternatives(words), Action: func(_ *cli.Context, given string) error {
		return oneOf("-"+name, given, words...)
	}}
}

// formatFlag says how to print.
func formatFlag(formats ...string) *cli.StringFlag { return choice("format", "", formats...) }

// oneOf refuses all but a few words.
func oneOf(flag, given string, words ...string) error {
	if slices.Contains(words, given) {
		return nil
	}
	return fmt.Errorf("%s must be %s, and %q is none of them.%s", flag, alternatives(words), given, diag.Suggest(given, words))
}

// alternatives joins words: `a, b or c`.
func alternatives(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
