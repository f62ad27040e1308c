package cli

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/cli/offer"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/syntax"
	"github.com/automic-etl/etl/plugins/schema"
)

// assignments are the -set of the command line, in order.
type assignments []string

// Set implements cli.Generic.
func (a *assignments) Set(text string) error {
	*a = append(*a, text)
	return nil
}

// String implements cli.Generic.
func (a *assignments) String() string { return "" }

// assign sorts what -set says into attributes of the source and of its connection. A later one replaces an earlier one.
func (d *discovery) assign() hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, text := range d.set {
		name, value, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(name) == "" {
			diags = append(diags, diag.Error(hcl.Range{}, "Invalid -set", "An attribute on the command line is written -set NAME=VALUE."))
			continue
		}
		if problem := d.assignOne(strings.TrimSpace(name), value); problem != nil {
			diags = append(diags, problem)
		}
	}
	return diags
}

func (d *discovery) assignOne(name, value string) *hcl.Diagnostic {
	attribute, into, known := d.attribute(name)
	if !known {
		names := d.provider.Source.Names()
		if d.provider.Connection != nil {
			names = append(names, d.provider.Connection.Names()...)
		}
		hint := diag.Suggest(name, names)
		if hint == "" {
			hint = " There are " + diag.List(names) + "."
		}
		return diag.Error(hcl.Range{}, "Unsupported attribute", "Sources of %q have no attribute %q.%s", d.provider.Name, name, hint)
	}
	if into == &d.asked.Through && d.connection != nil {
		return diag.Error(hcl.Range{}, "Connection given twice", "The attribute %q is one of the connection, and %s has its own. Leave out "+
			"one of the two.", name, d.connection.Addr)
	}
	text, problem := assigned(attribute, value)
	if problem != nil {
		return problem
	}
	*into = slices.DeleteFunc(*into, func(s offer.Setting) bool { return s.Name == attribute.Name })
	*into = append(*into, offer.Setting{Name: attribute.Name, Value: text})
	return nil
}

// attribute finds an attribute of the source, or else of its connection; connection.NAME is always the latter.
func (d *discovery) attribute(name string) (schema.Attribute, *[]offer.Setting, bool) {
	short, ofConnection := strings.CutPrefix(name, "connection.")
	if found, ok := d.provider.Source.Attribute(name); ok {
		return found, &d.asked.Source, true
	}
	if d.provider.Connection == nil {
		return schema.Attribute{}, nil, false
	}
	if !ofConnection {
		short = name
	}
	found, ok := d.provider.Connection.Attribute(short)
	return found, &d.asked.Through, ok
}

// assigned is a value in the language's syntax: text as it stands, since nobody quotes on a command line, but for what is
// no text, and for calls of env and secret.
func assigned(attribute schema.Attribute, value string) (string, *hcl.Diagnostic) {
	invalid := func(why string) *hcl.Diagnostic {
		return diag.Error(hcl.Range{}, "Invalid -set", "The value of %q can't be read: %s. %s", attribute.Name, why, attribute.Doc)
	}
	textual := attribute.ImpliedType().IsPrimitiveType() || attribute.ImpliedType() == cty.DynamicPseudoType && !strings.HasPrefix(value, "[")
	if attribute.Kind == schema.Column || attribute.Kind == schema.Expression {
		textual = false
	}
	if deep := syntax.TooDeep([]byte(value), ""); deep != nil {
		return "", invalid("it is nested too deeply")
	}
	expression, diags := hclsyntax.ParseExpression([]byte(value), "", hcl.InitialPos)
	call, _ := expression.(*hclsyntax.FunctionCallExpr)
	secret := !diags.HasErrors() && call != nil && (call.Name == "env" || call.Name == "secret")
	switch {
	case secret:
		return value, nil
	case attribute.Sensitive:
		return "", diag.Error(hcl.Range{}, "Secret on the command line", "The attribute %[1]q is a secret, and others on this machine can "+
			"read command lines. Put it into an environment variable, and write -set '%[1]s=env(\"NAME\")'.", attribute.Name)
	case textual:
		return offer.Quote(value), nil
	case diags.HasErrors():
		return "", invalid(strings.TrimSuffix(strings.ToLower(diags[0].Summary[:1])+diags[0].Summary[1:], "."))
	}
	return value, nil
}

// missing tells what a provider can't do without.
func (d *discovery) missing() hcl.Diagnostics {
	c := d.provider.Connection
	if c == nil {
		return d.required(d.provider.Source, d.asked.Source)
	}
	if d.connection == nil && len(d.asked.Through) == 0 {
		return hcl.Diagnostics{diag.Error(hcl.Range{}, "Missing connection", "Sources of %[1]q are read through a connection. Name one of "+
			"this project, as in `etl discover %[1]s connection.%[1]s.NAME`, or give its attributes with -set: it has %[2]s.",
			d.provider.Name, diag.List(c.Names()))}
	}
	if d.connection == nil {
		return d.required(*c, d.asked.Through)
	}
	return nil
}

func (d *discovery) required(block schema.Block, given []offer.Setting) hcl.Diagnostics {
	var diags hcl.Diagnostics
	for _, a := range block.Attributes {
		if a.Required && !slices.ContainsFunc(given, func(s offer.Setting) bool { return s.Name == a.Name }) {
			diags = append(diags, diag.Error(hcl.Range{}, "Missing attribute", "To list what there is, %q needs the attribute %q: write "+
				"-set %[2]s=…. %[3]s", d.provider.Name, a.Name, a.Doc))
		}
	}
	return diags
}

// evaluate reads what was given as a project of one source, in which nothing is required: what is wrong is told as of a
// file.
func (d *discovery) evaluate(ctx context.Context, w *workspace) hcl.Diagnostics {
	adhoc, diags := config.Load(ctx, config.Options{
		Dir: d.dir, Environ: os.Environ(), NeedSecrets: true, Version: version(),
		Text:   &config.Text{Name: "-set", Bytes: []byte(d.text())},
		Plugin: func(context.Context, string) (schema.Provider, error) { return undemanding(d.provider), nil },
	})
	d.adhoc = adhoc
	if w.project == nil {
		w.project = adhoc
		w.secrecy.keep(adhoc.Sensitive)
		return diags
	}
	maps.Copy(w.project.Files, adhoc.Files)
	w.project.Sensitive = append(w.project.Sensitive, adhoc.Sensitive...)
	w.secrecy.keep(w.project.Sensitive)
	if d.connection != nil && !diags.HasErrors() {
		adhoc.Name, adhoc.Connections = w.project.Name, []*config.Connection{d.connection}
		adhoc.Sources[0].Connection = &d.connection.Addr
	}
	return diags
}

func (d *discovery) text() string {
	var b strings.Builder
	name := d.provider.Name
	block := func(header string, set []offer.Setting) {
		b.WriteString(header + " {\n")
		for _, s := range set {
			fmt.Fprintf(&b, "  %s = %s\n", s.Name, s.Value)
		}
		b.WriteString("}\n")
	}
	through := []offer.Setting{}
	if len(d.asked.Through) > 0 {
		d.asked.Connection = "connection." + name + "." + name
		through = append(through, offer.Setting{Name: "connection", Value: d.asked.Connection})
		block(fmt.Sprintf("connection %q %q", name, name), d.asked.Through)
	}
	block(fmt.Sprintf("source %q \"discover\"", name), append(through, d.asked.Source...))
	return b.String()
}

// undemanding is a provider of which a block may say nothing.
func undemanding(p schema.Provider) schema.Provider {
	p.Source.Attributes = slices.Clone(p.Source.Attributes)
	for i := range p.Source.Attributes {
		p.Source.Attributes[i].Required = false
	}
	p.Extract = map[string]schema.Block{schema.Batch: {}}
	return p
}
