package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/urfave/cli/v2"

	"github.com/automic-etl/etl/cli/view"
	"github.com/automic-etl/etl/engine/apply"
	"github.com/automic-etl/etl/engine/duckdb"
	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/state"
)

// workspace is a loaded project with what commands open of it; close ends all of it.
type workspace struct {
	*environment
	project *config.Project
	scratch scratch
	host    *host.Host
	lake    *state.Lakehouse
	compute *duckdb.Engine
	told    apply.Told
	shown   *plan.Plan // that was printed with its warnings, for a person
	said    *said      // what earlier plans of this run warned of; nil where there is one plan
}

// variableFlags are the flags of every command that evaluates the configuration.
func (e *environment) variableFlags() []cli.Flag {
	return []cli.Flag{
		&cli.GenericFlag{Name: "var", Usage: "set a variable: `NAME=VALUE`", Value: &variable{env: e}},
		&cli.GenericFlag{Name: "var-file", Usage: "read variables from `FILE`", Value: &variable{env: e, file: true}},
	}
}

// variable collects -var and -var-file in the order of the command line, where later ones win.
type variable struct {
	env  *environment
	file bool
}

// Set implements cli.Generic.
func (v *variable) Set(text string) error {
	if v.file {
		v.env.vars = append(v.env.vars, config.VarArg{File: text})
		return nil
	}
	v.env.vars = append(v.env.vars, config.VarArg{Value: text})
	return nil
}

// String implements cli.Generic.
func (v *variable) String() string { return "" }

// load reads the project; its mistakes are printed.
func (e *environment) load(ctx context.Context, secrets bool) (*workspace, error) {
	w, diags, err := e.parse(ctx, secrets)
	if err != nil {
		return nil, err
	}
	if w.report(diags) {
		w.close(ctx)
		return nil, exit(exitError)
	}
	return w, nil
}

// loadToPlan is load for commands that make a plan: where there are mistakes, those that planning would find are printed
// with them.
func (e *environment) loadToPlan(ctx context.Context, options planner.Options) (*workspace, error) {
	w, diags, err := e.parse(ctx, true)
	if err != nil {
		return nil, err
	}
	if diags.HasErrors() {
		diags = append(diags, w.further(ctx, options)...)
	}
	if w.report(diags) {
		w.close(ctx)
		return nil, exit(exitError)
	}
	return w, nil
}

// further finds the mistakes that planning would find, in a project that has others. It makes no plan and writes nothing.
func (w *workspace) further(ctx context.Context, options planner.Options) hcl.Diagnostics {
	return append(w.openToCheck(ctx), w.doubt(ctx, options)...)
}

func (w *workspace) doubt(ctx context.Context, options planner.Options) hcl.Diagnostics {
	p := w.planner(options)
	p.Doubtful = true
	_, diags := p.Plan(ctx)
	return diags
}

// openToPlan is mustOpen for commands that make a plan: where it fails, so does the plan, and the mistakes that planning
// would find are printed too.
func (w *workspace) openToPlan(ctx context.Context, readOnly bool, options planner.Options) error {
	err := w.open(ctx, readOnly)
	if err == nil {
		return nil
	}
	w.lake = nil
	w.report(append(hcl.Diagnostics{notOpened(err)}, w.doubt(ctx, options)...))
	return exit(exitError)
}

func notOpened(err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "The lakehouse could not be opened", Detail: diag.Sentence(err)}
}

// openToCheck opens the lakehouse if it can: without it, what is recorded isn't known.
func (w *workspace) openToCheck(ctx context.Context) hcl.Diagnostics {
	if w.project.Lakehouse.Partial {
		return nil
	}
	if err := w.open(ctx, true); err != nil {
		w.lake = nil
		return hcl.Diagnostics{notOpened(err)}
	}
	return nil
}

// parse reads the project with its mistakes.
func (e *environment) parse(ctx context.Context, secrets bool) (*workspace, hcl.Diagnostics, error) {
	w, err := e.workspace()
	if err != nil {
		return nil, nil, err
	}
	project, diags := config.Load(ctx, config.Options{Dir: e.dir, Vars: e.vars, Environ: os.Environ(), NeedSecrets: secrets, Plugin: w.schema, Version: version()})
	w.project = project
	w.secrecy.keep(project.Sensitive)
	return w, diags, nil
}

// workspace is what commands have before a project is read.
func (e *environment) workspace() (*workspace, error) {
	exe, err := executable()
	if err != nil {
		return nil, err
	}
	w := &workspace{environment: e, scratch: e.scratchFolders()}
	w.host = host.New(host.Options{Executable: exe, BuiltIn: slices.Sorted(maps.Keys(e.builtIn)), Log: e.log, CacheDir: w.scratch.cache})
	return w, nil
}

// check finds what the configuration alone doesn't say, without a network: SQL that can't be read, tables that it names
// and nobody has, cycles, expressions as far as the columns are known, and what the providers know beyond their schemas.
func (w *workspace) check(ctx context.Context) hcl.Diagnostics {
	diags := w.openToCheck(ctx)
	diags = append(diags, w.planner(planner.Options{}).Check(ctx)...)
	for _, s := range w.project.Sources {
		client, err := w.host.Source(ctx, s.Provider)
		if err != nil {
			diags = append(diags, planner.ProviderFailed(s, err))
			continue
		}
		said, err := client.Validate(ctx, planner.SourceConfig(w.project, "", s))
		if err != nil {
			diags = append(diags, planner.ProviderFailed(s, err))
		}
		diags = append(diags, planner.SourceDiagnostics(s, said)...)
	}
	return diags
}

// files are the sources that diagnostics quote.
func (w *workspace) files() map[string]*hcl.File {
	if w.project == nil {
		return nil
	}
	return w.project.Files
}

// sensitive adds what must not be printed.
func (w *workspace) sensitive(opt view.Options) view.Options {
	if w.project != nil {
		opt.Sensitive = w.project.Sensitive
	}
	return opt
}

// schema gives a provider's blocks. Built-in ones are described by this binary itself.
func (w *workspace) schema(_ context.Context, provider string) (schema.Provider, error) {
	if p, ok := w.builtIn[provider]; ok {
		return p.Schema(), nil
	}
	known := slices.Sorted(maps.Keys(w.builtIn))
	return schema.Provider{}, fmt.Errorf("there is no provider %q.%s The built-in ones are %s", provider, diag.Suggest(provider, known), strings.Join(known, ", "))
}

// report prints diagnostics to stderr and says whether there is an error among them.
func (w *workspace) report(diags hcl.Diagnostics) bool {
	if len(diags) == 0 {
		return false
	}
	if err := view.Diagnostics(w.stderr, diags, w.files(), w.sensitive(w.viewOptions(w.stderr))); err != nil {
		w.log.Error("printing diagnostics", "error", err)
	}
	return diags.HasErrors()
}

// reportUninterrupted prints what was found. After an interrupt whatever failed did so because of it, which is all there is to say.
func (w *workspace) reportUninterrupted(ctx context.Context, diags hcl.Diagnostics) bool {
	if ctx.Err() == nil || !diags.HasErrors() {
		return w.report(diags)
	}
	fmt.Fprintln(w.stderr, "Interrupted.")
	return true
}

// open opens the lakehouse.
func (w *workspace) open(ctx context.Context, readOnly bool) error {
	lake, err := state.Open(ctx, state.Options{CatalogPath: w.project.Lakehouse.CatalogPath, Warehouse: w.project.Lakehouse.Warehouse,
		CacheDir: w.scratch.cache, ReadOnly: readOnly, Project: w.project.Name})
	w.lake = lake
	return err
}

// mustOpen is open, with its failure printed.
func (w *workspace) mustOpen(ctx context.Context, readOnly bool) error {
	if err := w.open(ctx, readOnly); err != nil {
		return w.fail("The lakehouse could not be opened", err)
	}
	return nil
}

// planFailed is the exit after a plan's diagnostics were printed: refused, where a rule of the user's says no.
func planFailed(diags hcl.Diagnostics) error {
	for _, d := range diags {
		if _, refused := d.Extra.(planner.Refused); refused {
			return exit(exitRefused)
		}
	}
	return exit(exitError)
}

// fail prints an error that has no place in the configuration.
func (w *workspace) fail(summary string, err error) error {
	w.report(failure(summary, err))
	return exit(exitError)
}

func failure(summary string, err error) hcl.Diagnostics {
	return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: diag.Sentence(err)}}
}

// engine opens the compute engine, once.
func (w *workspace) engine(ctx context.Context) (*duckdb.Engine, error) {
	if w.compute != nil {
		return w.compute, nil
	}
	if err := os.MkdirAll(w.scratch.temp, 0o755); err != nil {
		return nil, fmt.Errorf("the folder %s can't be made: %s", w.scratch.temp, diag.Reason(err))
	}
	compute, err := duckdb.Open(ctx, duckdb.Options{MemoryLimit: w.project.Lakehouse.MemoryLimit, Threads: w.project.Lakehouse.Threads, TempDir: w.scratch.temp})
	w.compute = compute
	return compute, err
}

func (w *workspace) close(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	if w.compute != nil {
		if err := w.compute.Close(); err != nil {
			w.log.Debug("closing the compute engine", "error", err)
		}
	}
	if w.lake != nil {
		if err := w.lake.Close(); err != nil {
			w.log.Debug("closing the lakehouse", "error", err)
		}
	}
	if err := w.host.Close(ctx); err != nil {
		w.log.Warn("ending the providers", "error", err)
	}
	if err := w.scratch.remove(); err != nil {
		w.log.Debug("removing what is of this run alone", "error", err)
	}
}

// showOutputs prints the values that the configuration asks to be shown.
func (w *workspace) showOutputs(p *plan.Plan) {
	if len(p.Outputs) == 0 {
		return
	}
	fmt.Fprintln(w.stdout, "\nOutputs:")
	for _, o := range p.Outputs {
		value := string(o.Value)
		if o.Sensitive || value == "" {
			value = "(sensitive)"
		}
		fmt.Fprintf(w.stdout, "  %s = %s\n", o.Name, value)
	}
}
