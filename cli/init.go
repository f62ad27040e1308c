package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/lang/diag"
)

func (e *environment) initCommand() *cli.Command {
	return &cli.Command{
		Name:  "init",
		Usage: "start a project in this folder, or check the one that is here",
		Flags: []cli.Flag{choice("from", "the template of a new project: ", "csv", "json", "parquet")},
		Action: func(c *cli.Context) error {
			return e.initProject(c)
		},
	}
}

func (e *environment) initProject(c *cli.Context) error {
	found, err := filepath.Glob(filepath.Join(e.dir, "*.etl.hcl"))
	if err != nil {
		return fmt.Errorf("looking for a project: %w", err)
	}
	if len(found) > 0 {
		return e.initExisting(c)
	}
	files, err := template(c.String("from"))
	if err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(e.dir, f.name)
		if _, err := os.Stat(path); err == nil {
			fmt.Fprintf(e.stdout, "kept    %s\n", f.name)
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("the folder %s can't be made: %s", filepath.Dir(path), diag.Reason(err))
		}
		if err := os.WriteFile(path, []byte(f.text), 0o644); err != nil {
			return fmt.Errorf("%s can't be written: %s", path, diag.Reason(err))
		}
		fmt.Fprintf(e.stdout, "created %s\n", f.name)
	}
	_, err = fmt.Fprintln(e.stdout, "\nNext: `etl plan` shows what would be made, `etl apply` makes it.")
	return err
}

// initExisting checks a project that is here: that it can be decoded, and so that its providers are at hand.
func (e *environment) initExisting(c *cli.Context) error {
	w, err := e.load(c.Context, false)
	if err != nil {
		return err
	}
	defer w.close(c.Context)
	providers := map[string]bool{}
	for _, s := range w.project.Sources {
		providers[s.Provider] = true
	}
	_, err = fmt.Fprintf(e.stdout, "The project %q is ready: %s of %s (built in), %s.\n", w.project.Name,
		view.Plural(len(w.project.Sources), "source"), view.Plural(len(providers), "provider"), view.Plural(len(w.project.Tables), "table"))
	return err
}
