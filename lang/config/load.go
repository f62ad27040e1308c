package config

import (
	"context"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/lang/input"
	"github.com/automic-etl/etl/lang/secret"
	"github.com/automic-etl/etl/lang/syntax"
	"github.com/automic-etl/etl/plugins/schema"
)

// VarArg is one -var or -var-file of the command line.
type VarArg = input.Arg

// Options say what to load and what it may see.
type Options struct {
	Dir     string
	Vars    []VarArg // in the order of the command line
	Environ []string // as os.Environ gives it
	// NeedSecrets is false for validate: env() and secret() are then unknown, and so are variables without a value.
	NeedSecrets bool
	// Version of the tool, held against required_version; empty: not checked.
	Version string
	// Text is read instead of the folder's files, without values for variables. Nil: the files.
	Text *Text
	// Plugin describes a provider. Nil stops after the first pass: the bodies of connections and sources aren't read.
	Plugin func(ctx context.Context, provider string) (schema.Provider, error)
}

// Text is a project that stands in no file.
type Text struct {
	Name  string // for messages
	Bytes []byte
}

// loader is one run of Load.
type loader struct {
	opt       Options
	root      schema.Block // of a file
	project   *Project
	diags     hcl.Diagnostics
	headers   []*header
	index     map[addr.Address]*header
	locals    map[string]*local
	variables map[string]*input.Variable
	// moreLocals says that there may be others, which could not be read.
	moreLocals bool
	eval       *hcl.EvalContext
	functions  map[string]*expr.Function
	providers  map[string]*schema.Provider
	secrets    *vault
	// unread are the parts of files with syntax errors: nothing else is said of them.
	unread []hcl.Range
	// loose says that each is used somewhere without for_each; that has been reported.
	loose bool
	// queries are the files of SQL that were read.
	queries map[string]*hcl.File
	// missing are variables and locals that are referred to without being declared; that has been reported.
	missing []addr.Address
}

// Load reads a project. All mistakes are reported together; the project is never nil, but complete only without errors.
func Load(ctx context.Context, opt Options) (*Project, hcl.Diagnostics) {
	l := newLoader(opt)
	l.first(ctx)
	if opt.Plugin != nil {
		l.describe(ctx)
	}
	l.second()
	return l.finish()
}

// Providers are the plugins that a project needs, sorted. No plugin is started for it.
func Providers(ctx context.Context, opt Options) ([]string, hcl.Diagnostics) {
	opt.Plugin = nil
	opt.NeedSecrets = false
	l := newLoader(opt)
	l.first(ctx)
	names := l.needed()
	_, diags := l.finish()
	return names, diags
}

func newLoader(opt Options) *loader {
	if opt.Dir == "" {
		opt.Dir = "."
	}
	return &loader{
		opt:       opt,
		root:      grammar.Root(),
		project:   &Project{Dir: opt.Dir, Name: "default", Files: map[string]*hcl.File{}},
		index:     map[addr.Address]*header{},
		locals:    map[string]*local{},
		variables: map[string]*input.Variable{},
		functions: map[string]*expr.Function{},
		providers: map[string]*schema.Provider{},
		secrets:   &vault{texts: map[string]bool{}},
	}
}

func (l *loader) report(diags ...*hcl.Diagnostic) {
	for _, d := range diags {
		if !diag.IsTold(d) && !l.isUnread(d.Subject) {
			l.diags = append(l.diags, d)
		}
	}
}

func (l *loader) isUnread(at *hcl.Range) bool {
	return at != nil && slices.ContainsFunc(l.unread, func(r hcl.Range) bool {
		return r.Filename == at.Filename && r.Start.Byte <= at.Start.Byte && at.End.Byte <= r.End.Byte
	})
}

// evaluated reports what HCL says of an expression of configuration, with a suggestion for functions.
func (l *loader) evaluated(diags hcl.Diagnostics) {
	for _, d := range diags {
		if call, ok := d.Expression.(*hclsyntax.FunctionCallExpr); ok && d.Summary == "Call to unknown function" {
			d = diag.Error(call.NameRange, "Unknown function", "There is no function %q for values of configuration.%s",
				call.Name, functionHint(call.Name))
		}
		l.report(d)
	}
}

func functionHint(name string) string {
	if hint := diag.Suggest(name, eval.FunctionNames()); hint != "" {
		return hint
	}
	if _, ok := expr.Lookup(name); ok {
		return " It is a function of column expressions, as in derive or filter."
	}
	return " The reference lists those that there are."
}

// first is the pass that needs no plugin: files, headers, values, names.
func (l *loader) first(ctx context.Context) {
	files, diags := l.files(ctx)
	l.report(diags...)
	l.keep(files)
	if len(files) == 0 && !diags.HasErrors() {
		l.report(diag.Error(hcl.Range{}, "No configuration", "The folder %s has no files ending in %s. Create one, or name "+
			"the project's folder with -chdir.", l.opt.Dir, syntax.Extension))
	}
	for _, file := range files {
		l.unread = append(l.unread, file.Lost...)
		l.project.blind = l.project.blind || file.Unread
	}
	for _, file := range files {
		l.collect(file)
	}
	l.names()
	l.settings()
	l.values(ctx)
	l.lakehouse()
	l.layers()
	l.userFunctions()
	for _, h := range l.headers {
		l.expand(h)
	}
}

func (l *loader) files(ctx context.Context) ([]*syntax.File, hcl.Diagnostics) {
	if l.opt.Text == nil {
		return syntax.Dir(ctx, l.opt.Dir)
	}
	file, diags := syntax.Parse(l.opt.Text.Bytes, l.opt.Text.Name)
	if file == nil {
		return nil, diags
	}
	return []*syntax.File{file}, diags
}

func (l *loader) keep(files []*syntax.File) {
	for _, file := range files {
		l.project.Files[file.Name] = file.HCL()
	}
}

// values gives the variables and locals their values.
func (l *loader) values(ctx context.Context) {
	environ := eval.Environ(l.opt.Environ)
	stores := secret.New(l.opt.Dir)
	functions := eval.Functions(eval.World{
		Dir: l.opt.Dir, Environ: environ, Secrets: l.opt.NeedSecrets, Found: l.secret,
		Secret: func(url string) (string, error) { return stores.Read(ctx, url) },
	})
	l.eval = &hcl.EvalContext{
		Functions: functions,
		Variables: map[string]cty.Value{
			"path": l.withMissing(map[string]cty.Value{"project": cty.StringVal(".")}, "path"),
		},
	}
	if l.loose {
		l.eval.Variables["each"] = cty.DynamicVal
	}
	from := input.Sources{Dir: l.opt.Dir, Args: l.opt.Vars, Environ: environ}
	if l.opt.Text != nil {
		from = input.Sources{}
	}
	result, diags := input.Values(l.variables, from, functions, l.opt.NeedSecrets)
	l.keep(result.Files)
	l.evaluated(diags)
	for _, v := range result.Values {
		l.secret(v)
	}
	l.eval.Variables["var"] = l.withMissing(result.Values, addr.Variable)
	l.evaluateLocals()
}

// second is the pass over the bodies.
func (l *loader) second() {
	var tables []*header
	for _, h := range l.headers {
		switch h.addr.Kind {
		case addr.Connection:
			l.connections(h)
		case addr.Source:
			l.sources(h)
		case addr.Table:
			tables = append(tables, h)
		case addr.Output:
			l.output(h)
		}
	}
	l.parallel(tables)
	l.conflicts()
}

// finish sorts what was found and takes secrets out of the messages.
func (l *loader) finish() (*Project, hcl.Diagnostics) {
	l.project.sort()
	l.project.Sensitive = l.secrets.sensitive()
	diag.Sort(l.diags)
	l.diags = diag.Unique(l.diags)
	for _, d := range l.diags {
		d.Summary, d.Detail = l.redact(d.Summary), l.redact(d.Detail)
		d.EvalContext, d.Expression = nil, nil
	}
	return l.project, l.diags
}

func (l *loader) redact(text string) string {
	for _, secret := range l.project.Sensitive {
		text = strings.ReplaceAll(text, secret, "(sensitive)")
	}
	return text
}
