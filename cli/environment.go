package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/sdk"
)

// environment is what all commands share.
type environment struct {
	builtIn        map[string]sdk.Provider
	stdin          io.Reader
	stdout, stderr io.Writer
	dir            string
	log            *slog.Logger
	noColor        bool
	unknown        bool            // the command line names no command
	vars           []config.VarArg // -var and -var-file, in order
	secrecy        secrecy
}

// before reads the flags that stand in front of the command.
func (e *environment) before(c *cli.Context) error {
	dir, err := filepath.Abs(firstOf(c.String("chdir"), "."))
	if err != nil {
		return fmt.Errorf("finding the folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil || !info.IsDir() {
		return fmt.Errorf("-chdir=%s: there is no such folder", c.String("chdir"))
	}
	// As in Terraform, all that the command line names is relative to the folder, too.
	if err := os.Chdir(dir); err != nil {
		return fmt.Errorf("-chdir=%s: %s", c.String("chdir"), diag.Reason(err))
	}
	e.dir = dir
	e.noColor = c.Bool("no-color") || os.Getenv("NO_COLOR") != ""
	given := strings.ToLower(firstOf(c.String("log-level"), "warn"))
	if err := oneOf("-log-level (or ETL_LOG)", given, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(given)); err != nil {
		return fmt.Errorf("-log-level=%s: %w", given, err)
	}
	e.log = slog.New(logging{slog.NewTextHandler(e.stderr, &slog.HandlerOptions{Level: level}), &e.secrecy})
	slog.SetDefault(e.log) // libraries that log say it in the same way
	return nil
}

func firstOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// viewOptions are for printing to a stream: colour and width only where it is a terminal.
func (e *environment) viewOptions(w io.Writer) view.Options {
	opt := view.Options{}
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return opt
	}
	opt.Color = !e.noColor
	if width, _, err := term.GetSize(int(file.Fd())); err == nil {
		opt.Width = width
	}
	return opt
}

func (e *environment) terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (e *environment) unknownCommand(c *cli.Context, name string) {
	var known []string
	for _, command := range c.App.Commands {
		known = append(known, command.Name)
	}
	e.unknown = true
	fmt.Fprintf(e.stderr, "Error: There is no command %q.%s Run `etl help` for the list.\n", name, diag.Suggest(name, known))
}

// executable is this binary, which built-in providers re-execute.
func executable() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding etl's own binary: %w", err)
	}
	return strings.TrimSuffix(path, " (deleted)"), nil
}
