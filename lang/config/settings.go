package config

import (
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/input"
	"github.com/automic-etl/etl/lang/syntax"
)

// settings reads the `etl` block and the declarations of variables. The former must be constant: it says whose project
// this is.
func (l *loader) settings() {
	for _, h := range l.headers {
		switch h.kind {
		case "etl":
			l.etl(h)
		case "variable":
			v, diags := input.Declare(h.block, h.spec)
			if l.report(diags...); !h.second {
				v.Broken = v.Broken || h.broken || h.contested
				l.variables[v.Name] = v
			}
		}
	}
}

// etl reads the settings.
func (l *loader) etl(h *header) {
	body, diags := decode.Open(h.block, h.spec, nil)
	l.report(diags...)
	for _, block := range body.Of("required_plugins") {
		l.report(diag.Unsupported(block.DefRange(), "Plugins that aren't built in are", "Leave out the block; the providers csv, "+
			"json and parquet need no entry."))
	}
	l.owner(body, h.contested || h.second || syntax.Lost(h.block.Body))
	l.suitable(body)
}

// owner reads the project's name. Where it isn't known for sure, neither is whose tables the recorded ones are.
func (l *loader) owner(body *decode.Body, doubtful bool) {
	name, at, ok := l.constant(body, "project")
	if ok && !projectName.MatchString(name) {
		ok = false
		l.report(diag.Error(at, "Invalid name", "A project can't be called %q: the name begins with a letter and holds "+
			"only letters, digits, dashes, dots and underscores, at most 64 of them.", name))
	}
	if ok {
		l.project.Name = name
	}
	l.project.Lakehouse.Partial = doubtful || !ok && body.Attributes["project"] != nil
}

// suitable holds the tool's version against the one that the project requires.
func (l *loader) suitable(body *decode.Body) {
	text, at, given := l.constant(body, "required_version")
	if !given {
		return
	}
	ok, err := satisfies(l.opt.Version, text)
	switch {
	case err != nil:
		l.report(diag.Error(at, "Invalid version constraint", "%s. Write constraints such as \">= 0.1.0, < 2.0.0\" or \"~> 1.2\".", err))
	case !ok:
		l.report(diag.Error(at, "Unsuitable version of etl", "This is etl %s, and the project requires %s. Use a version "+
			"that fits, or change required_version.", l.opt.Version, strings.TrimSpace(text)))
	}
}

// constant reads a text that must be known before any variable is.
func (l *loader) constant(body *decode.Body, name string) (string, hcl.Range, bool) {
	attr := body.Attributes[name]
	if attr == nil {
		return "", hcl.Range{}, false
	}
	spec, _ := body.Spec.Attribute(name)
	v, diags := decode.Value(attr.Expr, spec, nil)
	l.report(diags...)
	if diags.HasErrors() || v.IsNull() || !v.IsKnown() {
		return "", attr.Expr.Range(), false
	}
	return v.AsString(), attr.Expr.Range(), true
}

// only returns the header of a block that stands once, or nil.
func (l *loader) only(kind string) *header {
	return l.index[addr.Address{Kind: addr.Kind(kind)}]
}
