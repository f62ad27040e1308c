package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/offer"
	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

func (e *environment) discoverCommand() *cli.Command {
	d := &discovery{environment: e}
	return &cli.Command{
		Name:      "discover",
		Usage:     "what a connection offers, as source blocks ready to paste",
		ArgsUsage: "TYPE [CONNECTION] [PATTERN]",
		Description: "TYPE is a provider, such as csv. CONNECTION is the address of a connection of this project; without one, what the " +
			"provider must know is given with -set: text as it stands, lists in brackets, secrets as -set 'dsn=env(\"SHOP_DSN\")' alone. " +
			"PATTERN chooses by name: * stands for any text but a slash, ? for one character, {a,b} for a or b. Nothing is written: put " +
			"the blocks that you want into a file of the project.",
		Flags: append(e.variableFlags(),
			&cli.GenericFlag{Name: "set", Usage: "an attribute of the source or of its connection: `NAME=VALUE`", Value: &d.set},
			formatFlag("text", "json")),
		Action: d.run,
	}
}

// discovery is one run of `etl discover`.
type discovery struct {
	*environment
	set      assignments
	provider schema.Provider
	pattern  string
	// connection is the project's, if one was named.
	connection *config.Connection
	asked      offer.Asked
	// adhoc is what -set says, as a project of one source.
	adhoc *config.Project
}

func (d *discovery) run(c *cli.Context) error {
	if c.Args().Len() == 0 {
		return fmt.Errorf("say what kind of source: `etl discover TYPE`. The types are %s", diag.List(d.types()))
	}
	w, address, err := d.open(c)
	if err != nil {
		return err
	}
	defer w.close(c.Context)
	if w.report(d.describe(c, w, address)) {
		return exit(exitError)
	}
	streams, diags := d.streams(c, w)
	if w.reportUninterrupted(c.Context, diags) {
		return exit(exitError)
	}
	return d.print(c, streams)
}

func (d *discovery) print(c *cli.Context, streams []sdk.Stream) error {
	document, err := offer.New(d.asked, streams)
	if err != nil {
		return err
	}
	if len(document.Streams) == 0 {
		fmt.Fprintln(d.stderr, "There is nothing to read.")
	}
	if c.String("format") == "json" {
		return view.JSON(d.stdout, document)
	}
	return document.Text(d.stdout)
}

func (d *discovery) types() []string {
	return slices.Sorted(maps.Keys(d.builtIn))
}

// open reads the arguments, and the project if a connection of it is named.
func (d *discovery) open(c *cli.Context) (*workspace, string, error) {
	args := c.Args().Slice()
	rest, address := args[1:], ""
	if len(rest) > 0 && strings.HasPrefix(rest[0], string(addr.Connection)+".") {
		address, rest = rest[0], rest[1:]
	}
	if len(rest) > 1 {
		return nil, "", fmt.Errorf("`etl discover` takes TYPE [CONNECTION] [PATTERN], and %q is one argument too many", rest[1])
	}
	if len(rest) == 1 {
		d.pattern = rest[0]
	}
	var w *workspace
	var err error
	if address != "" {
		w, err = d.load(c.Context, true)
	} else {
		w, err = d.workspace()
	}
	return w, address, err
}

// describe finds out what to ask.
func (d *discovery) describe(c *cli.Context, w *workspace, address string) hcl.Diagnostics {
	name := c.Args().First()
	provider, known := d.builtIn[name]
	if !known {
		return hcl.Diagnostics{diag.Error(hcl.Range{}, "Unknown provider", "There is no provider %q.%s The built-in ones are %s.",
			name, diag.Suggest(name, d.types()), diag.List(d.types()))}
	}
	d.provider = provider.Schema()
	d.asked = offer.Asked{Schema: d.provider, Project: w.project}
	if w.project == nil {
		d.asked.Project = d.neighbours(c.Context, w)
	}
	if address != "" {
		if problem := d.connect(w, address); problem != nil {
			return hcl.Diagnostics{problem}
		}
	}
	if diags := d.assign(); diags.HasErrors() {
		return diags
	}
	if diags := d.missing(); diags.HasErrors() {
		return diags
	}
	return d.evaluate(c.Context, w)
}

// neighbours are the sources that the folder has, for the names that are taken and the streams that are read. Its mistakes
// and its secrets don't matter here.
func (d *discovery) neighbours(ctx context.Context, w *workspace) *config.Project {
	project, _ := config.Load(ctx, config.Options{Dir: d.dir, Vars: d.vars, Environ: os.Environ(), Plugin: w.schema, Version: version()})
	return project
}

// connect finds the named connection in the project.
func (d *discovery) connect(w *workspace, address string) *hcl.Diagnostic {
	a, err := addr.Parse(address)
	if err != nil {
		return diag.Error(hcl.Range{}, "Invalid address", "%s.", strings.TrimSuffix(err.Error(), "."))
	}
	if a.Type != d.provider.Name {
		return diag.Error(hcl.Range{}, "Connection of another provider", "Sources of %q can't be read through %s. Name a connection of "+
			"the same type.", d.provider.Name, a)
	}
	var known []string
	for _, c := range w.project.Connections {
		if c.Addr == a {
			d.connection, d.asked.Connection = c, a.String()
			return nil
		}
		if c.Addr.Type == a.Type {
			known = append(known, c.Addr.String())
		}
	}
	hint := diag.Suggest(a.String(), known)
	if hint == "" && len(known) > 0 {
		hint = " It has " + diag.List(known) + "."
	}
	return diag.Error(hcl.Range{}, "Unknown connection", "The project has no %s.%s", a, hint)
}

// streams asks the provider, and takes those that match.
func (d *discovery) streams(c *cli.Context, w *workspace) ([]sdk.Stream, hcl.Diagnostics) {
	source := d.adhoc.Sources[0]
	told := &config.Source{Addr: source.Addr, Provider: source.Provider, Attributes: source.Attributes}
	if d.connection != nil {
		told.Range = d.connection.Range
	}
	cfg := planner.SourceConfig(d.adhoc, "", source)
	cfg.Address = "etl discover " + d.provider.Name
	client, err := w.host.Source(c.Context, d.provider.Name)
	if err != nil {
		return nil, hcl.Diagnostics{planner.ProviderFailed(told, err)}
	}
	streams, said, err := client.Discover(c.Context, cfg)
	diags := planner.SourceDiagnostics(told, said)
	if err != nil {
		return nil, append(diags, planner.ProviderFailed(told, err))
	}
	if diags.HasErrors() {
		return nil, diags
	}
	matching, problem := d.matching(streams)
	if problem != nil {
		diags = append(diags, problem)
	}
	return matching, diags
}

// matching are the streams whose name the pattern fits; of a folder, `*` is one level and `**` any.
func (d *discovery) matching(streams []sdk.Stream) ([]sdk.Stream, *hcl.Diagnostic) {
	if d.pattern == "" {
		return streams, nil
	}
	if !doublestar.ValidatePattern(d.pattern) {
		return nil, diag.Error(hcl.Range{}, "Invalid pattern", "%q is no pattern of names: a bracket or brace has no end. `*` stands for any "+
			"text, `?` for one character.", d.pattern)
	}
	var found []sdk.Stream
	names := make([]string, len(streams))
	for i, s := range streams {
		names[i] = s.Name
		if doublestar.MatchUnvalidated(d.pattern, s.Name) {
			found = append(found, s)
		}
	}
	if len(found) > 0 || len(streams) == 0 {
		return found, nil
	}
	return nil, diag.Error(hcl.Range{}, "Nothing matches", "No name of what can be read fits %q.%s Without a pattern all are listed.",
		d.pattern, diag.Suggest(d.pattern, names))
}
