// Package cli is the command line: a file a command. Nothing is decided here; commands load, call the engine, and print.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/datafile"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Exit codes.
const (
	exitDone        = 0
	exitError       = 1
	exitChanges     = 2
	exitRefused     = 3
	exitInterrupted = 130
)

// Main runs one command and gives the exit code. builtIn are the providers that this binary serves when it re-executes itself.
func Main(args []string, builtIn map[string]sdk.Provider) int {
	if err := datafile.CompressPages(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitError
	}
	sdk.ServeBuiltIn(builtIn)
	ctx, stop := withInterrupt(context.Background(), os.Stderr)
	defer stop()
	return run(ctx, args, &environment{builtIn: builtIn, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
}

func run(ctx context.Context, args []string, env *environment) int {
	app := newApp(env)
	err := app.RunContext(ctx, reorder(app, args))
	code := exitDone
	var exit *exitCode
	switch {
	case errors.As(err, &exit):
		code = exit.code
	case err != nil:
		fmt.Fprintf(env.stderr, "Error: %s\n", env.secrecy.text(diag.Sentence(err)))
		code = exitError
	case env.unknown:
		code = exitError
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return code
}

// exitCode ends a command whose messages are printed already.
type exitCode struct{ code int }

func (e *exitCode) Error() string { return fmt.Sprintf("exit code %d", e.code) }

func exit(code int) error {
	if code == exitDone {
		return nil
	}
	return &exitCode{code: code}
}

// withInterrupt cancels the context at the first Ctrl-C, and ends the process at the second.
func withInterrupt(parent context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		if _, ok := <-signals; !ok {
			return
		}
		fmt.Fprintln(stderr, "Stopping: the commit in hand is finished first. Press Ctrl-C again to stop now.")
		cancel()
		if _, ok := <-signals; ok {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}

func newApp(env *environment) *cli.App {
	return &cli.App{
		Name:                 "etl",
		Usage:                "plan and apply for the lakehouse",
		HideVersion:          true,
		EnableBashCompletion: true,
		Writer:               env.stdout,
		ErrWriter:            env.stderr,
		ExitErrHandler:       func(*cli.Context, error) {},
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "chdir", Usage: "work in `DIR`"},
			&cli.BoolFlag{Name: "no-color", Usage: "print without colours (also NO_COLOR)"},
			&cli.StringFlag{Name: "log-level", Usage: "debug, info, warn or error", EnvVars: []string{"ETL_LOG"}, Value: "warn"},
		},
		Before:   env.before,
		Commands: commands(env),
		CommandNotFound: func(c *cli.Context, name string) {
			env.unknownCommand(c, name)
		},
		OnUsageError: usageError,
	}
}
