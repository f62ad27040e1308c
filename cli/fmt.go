package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/format"
	"github.com/automic-etl/etl/lang/syntax"
)

func (e *environment) fmtCommand() *cli.Command {
	return &cli.Command{
		Name:      "fmt",
		Usage:     "lay out the project's files canonically",
		ArgsUsage: "[FILE …]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "check", Usage: "change nothing; exit 1 if a file would change"},
			&cli.BoolFlag{Name: "diff", Usage: "print the differences"},
		},
		Action: e.fmt,
	}
}

func (e *environment) fmt(c *cli.Context) error {
	files := c.Args().Slice()
	if len(files) == 0 {
		for _, pattern := range []string{"*.etl.hcl", "*.etlvars.hcl"} {
			found, err := filepath.Glob(filepath.Join(e.dir, pattern))
			if err != nil {
				return fmt.Errorf("listing the project's files: %w", err)
			}
			files = append(files, found...)
		}
		sort.Strings(files)
	}
	changed, failed := 0, false
	for _, file := range files {
		did, err := e.fmtFile(c, file)
		if err != nil {
			failed = true
		}
		if did {
			changed++
		}
	}
	if failed || c.Bool("check") && changed > 0 {
		return exit(exitError)
	}
	return nil
}

// fmtFile lays out one file, and says whether that changed it. Its mistakes are printed.
func (e *environment) fmtFile(c *cli.Context, file string) (bool, error) {
	path := file
	if !filepath.IsAbs(path) {
		path = filepath.Join(e.dir, path)
	}
	src, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintf(e.stderr, "Error: The file %s can't be read: %s.\n", file, diag.Reason(err))
		return false, err
	}
	name := file
	if rel, err := filepath.Rel(e.dir, path); err == nil {
		name = rel
	}
	out, diags := format.Source(src, name)
	if diags.HasErrors() {
		if err := view.Diagnostics(e.stderr, diags, map[string]*hcl.File{name: {Bytes: syntax.WithoutMark(src)}}, e.viewOptions(e.stderr)); err != nil {
			return false, err
		}
		return false, errors.New("the file has mistakes")
	}
	if string(out) == string(src) {
		return false, nil
	}
	if !c.Bool("check") {
		if err := os.WriteFile(path, out, 0o644); err != nil {
			fmt.Fprintf(e.stderr, "Error: The file %s can't be written: %s.\n", file, diag.Reason(err))
			return true, err
		}
	}
	fmt.Fprintln(e.stdout, name)
	if c.Bool("diff") {
		return true, view.Diff(e.stdout, name, string(src), string(out))
	}
	return true, nil
}
