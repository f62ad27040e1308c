package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var update = flag.Bool("update", false, "write the reference of commands anew")

// TestReference keeps docs/reference/commands.md what the commands say of themselves.
func TestReference(t *testing.T) {
	app := newApp(&environment{})
	var b strings.Builder
	b.WriteString("# Commands\n\n<!-- Written by go test ./cli -run TestReference -update; edit the descriptions in the code. -->\n\n" +
		"Flags have one dash or two and stand before or after arguments. `etl help COMMAND` says the same.\n\n")
	flags(&b, app.Flags)
	for _, c := range app.Commands {
		command(&b, "etl "+c.Name, c)
		for _, sub := range c.Subcommands {
			command(&b, "etl "+c.Name+" "+sub.Name, sub)
		}
	}
	path := filepath.Join("..", "docs", "reference", "commands.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != b.String() {
		t.Errorf("docs/reference/commands.md is not what the code says (go test ./cli -run TestReference -update): %v", err)
	}
}

func command(b *strings.Builder, name string, c *cli.Command) {
	fmt.Fprintf(b, "\n## `%s`\n\n%s.\n", strings.TrimSpace(name+" "+c.ArgsUsage), upper(c.Usage))
	if c.Description != "" {
		fmt.Fprintf(b, "\n%s\n", c.Description)
	}
	if len(c.Flags) > 0 {
		b.WriteString("\n")
		flags(b, c.Flags)
	}
}

func flags(b *strings.Builder, list []cli.Flag) {
	b.WriteString("| Flag | |\n|---|---|\n")
	for _, f := range list {
		value := ""
		documented, ok := f.(cli.DocGenerationFlag)
		if !ok {
			continue
		}
		placeholder, usage := unquoted(documented.GetUsage())
		if documented.TakesValue() {
			value = "=" + placeholder
		}
		fmt.Fprintf(b, "| `-%s%s` | %s |\n", f.Names()[0], value, strings.ReplaceAll(usage, "|", "\\|"))
	}
}

// unquoted takes the name of the value out of a flag's usage: it stands there between backquotes.
func unquoted(usage string) (placeholder, text string) {
	before, rest, found := strings.Cut(usage, "`")
	if !found {
		return "…", usage
	}
	placeholder, after, _ := strings.Cut(rest, "`")
	return placeholder, before + "`" + placeholder + "`" + after
}

func upper(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
