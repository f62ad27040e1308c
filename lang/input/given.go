package input

import (
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/syntax"
)

// Names of the files with values that are read without being asked for.
const (
	defaultFile = "etl.etlvars.hcl"
	autoSuffix  = ".auto.etlvars.hcl"
	// EnvPrefix starts the environment variables that give values.
	EnvPrefix = "ETL_VAR_"
)

// Arg is one -var NAME=VALUE, or one -var-file FILE if File is set, in the order of the command line. Without a Name, it
// is read from the Value.
type Arg struct {
	Name, Value string
	File        string
}

// Sources are all places where values may come from.
type Sources struct {
	Dir     string // of the project
	Args    []Arg
	Environ map[string]string
}

// given is a value as it was given: an expression of a file, or text of the command line or environment.
type given struct {
	expr   hcl.Expression
	text   string
	origin string // in words, for messages
}

// collector gathers values, a later one replacing an earlier one.
type collector struct {
	Sources
	declared map[string]*Variable
	values   map[string]given
	files    []*syntax.File
	diags    hcl.Diagnostics
}

// collect goes from what counts least to what counts most, as Terraform does: environment, default file, automatic files
// in alphabetical order, command line in its order.
func (s Sources) collect(declared map[string]*Variable) *collector {
	c := &collector{Sources: s, declared: declared, values: map[string]given{}}
	for _, name := range sortedNames(declared) {
		if text, ok := s.Environ[EnvPrefix+name]; ok {
			c.values[name] = given{text: text, origin: "the environment variable " + EnvPrefix + name}
		}
	}
	for _, file := range c.automatic() {
		c.file(file, hcl.DiagWarning)
	}
	for _, arg := range s.Args {
		if arg.File != "" {
			c.file(arg.File, hcl.DiagError)
		} else {
			c.arg(arg)
		}
	}
	return c
}

func (c *collector) automatic() []string {
	entries, err := os.ReadDir(c.Dir)
	if err != nil {
		return nil // the folder's own files have been read, and that has been reported
	}
	var first, rest []string
	for _, e := range entries {
		switch {
		case e.Name() == defaultFile:
			first = append(first, e.Name())
		case strings.HasSuffix(e.Name(), autoSuffix) && !strings.HasPrefix(e.Name(), "."):
			rest = append(rest, e.Name())
		}
	}
	sort.Strings(rest)
	return append(first, rest...)
}

func (c *collector) arg(arg Arg) {
	if arg.Name == "" {
		name, value, ok := strings.Cut(arg.Value, "=")
		if !ok {
			c.diags = append(c.diags, diag.Error(hcl.Range{}, "Invalid -var", "A value on the command line is written -var NAME=VALUE, and "+
				"in what is given there is no equals sign."))
			return
		}
		arg.Name, arg.Value = strings.TrimSpace(name), value
	}
	if c.declared[arg.Name] == nil {
		c.diags = append(c.diags, diag.Error(hcl.Range{}, "Undeclared variable",
			"A value is given for the variable %q by -var, but the project declares no such variable.%s Declare it with a "+
				"variable block, or leave the flag out.", arg.Name, diag.Suggest(arg.Name, sortedNames(c.declared))))
		return
	}
	c.values[arg.Name] = given{text: arg.Value, origin: "the flag -var"}
}

func (c *collector) file(name string, severity hcl.DiagnosticSeverity) {
	file, diags := syntax.Read(c.Dir, name)
	c.diags = append(c.diags, diags...)
	if file == nil {
		return
	}
	c.files = append(c.files, file)
	for _, block := range file.Body.Blocks {
		c.diags = append(c.diags, diag.Error(block.DefRange(), "Block in a file of variables",
			"A file of variables holds only lines of the form name = value. Put blocks into a file that ends in %s.", syntax.Extension))
	}
	for _, attr := range decode.Ordered(file.Body) {
		if c.declared[attr.Name] == nil {
			d := diag.Error(attr.NameRange, "Undeclared variable",
				"The file gives a value for the variable %q, but the project declares no such variable.%s Declare it with a "+
					"variable block, or remove the line.", attr.Name, diag.Suggest(attr.Name, sortedNames(c.declared)))
			d.Severity = severity
			c.diags = append(c.diags, d)
			continue
		}
		c.values[attr.Name] = given{expr: attr.Expr, origin: "the file " + filepath.ToSlash(name)}
	}
}

// expression is what was given as text: a string for primitive types, as nobody quotes on a command line, else HCL. Without a type
// it is a string too, unless it is a value in HCL.
func (g given) expression(t cty.Type) (hcl.Expression, hcl.Diagnostics) {
	if g.expr != nil {
		return g.expr, nil
	}
	if t.IsPrimitiveType() {
		return hcl.StaticExpr(cty.StringVal(g.text), hcl.Range{}), nil
	}
	e, diags := parseText(g.text)
	if t == cty.DynamicPseudoType && (diags.HasErrors() || len(e.Variables()) > 0) {
		return hcl.StaticExpr(cty.StringVal(g.text), hcl.Range{}), nil
	}
	return e, diags
}

func sortedNames(declared map[string]*Variable) []string {
	names := make([]string, 0, len(declared))
	for name := range declared {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
