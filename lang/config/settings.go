package config

import (
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/input"
)

// settings reads the `etl` block and the declarations of variables. The former must be constant: it says whose project
// this is.
func (l *loader) settings() {
	for _, h := range l.headers {
		if h.broken {
			l.brokenVariable(h)
			continue
		}
		switch h.kind {
		case "etl":
			l.etl(h)
		case "variable":
			v, diags := input.Declare(h.block, h.spec)
			l.report(diags...)
			l.variables[v.Name] = v
		}
	}
}

// brokenVariable keeps the name of a variable that can't be read: its uses are no mistakes.
func (l *loader) brokenVariable(h *header) {
	if h.kind == "variable" && l.variables[h.addr.Name] == nil {
		l.variables[h.addr.Name] = &input.Variable{
			Name: h.addr.Name, Type: cty.DynamicPseudoType, Nullable: true, Range: h.block.DefRange(), Broken: true,
		}
	}
}

func (l *loader) etl(h *header) {
	body, diags := decode.Open(h.block, h.spec, nil)
	l.report(diags...)
	for _, block := range body.Of("required_plugins") {
		l.report(diag.Unsupported(block.DefRange(), "Plugins that aren't built in are", "Leave out the block; the providers csv, "+
			"json and parquet need no entry."))
	}
	if attr := body.Attributes["project"]; attr != nil {
		spec, _ := h.spec.Attribute("project")
		v, diags := decode.Value(attr.Expr, spec, nil)
		l.report(diags...)
		if diags.HasErrors() || v.IsNull() {
			return
		}
		l.project.Name = v.AsString()
		if !projectName.MatchString(l.project.Name) {
			l.report(diag.Error(attr.Expr.Range(), "Invalid name", "A project can't be called %q: the name begins with a letter and holds "+
				"only letters, digits, dashes, dots and underscores, at most 64 of them.", l.project.Name))
		}
	}
	if attr := body.Attributes["required_version"]; attr != nil {
		spec, _ := h.spec.Attribute("required_version")
		v, diags := decode.Value(attr.Expr, spec, nil)
		l.report(diags...)
		if diags.HasErrors() || v.IsNull() {
			return
		}
		ok, err := satisfies(l.opt.Version, v.AsString())
		switch {
		case err != nil:
			l.report(diag.Error(attr.Expr.Range(), "Invalid version constraint", "%s. Write constraints such as \">= 0.1.0, < 2.0.0\" or \"~> 1.2\".", err))
		case !ok:
			l.report(diag.Error(attr.Expr.Range(), "Unsuitable version of etl", "This is etl %s, and the project requires %s. Use a version "+
				"that fits, or change required_version.", l.opt.Version, strings.TrimSpace(v.AsString())))
		}
	}
}

// only returns the header of a block that stands once, or nil.
func (l *loader) only(kind string) *header {
	return l.index[addr.Address{Kind: addr.Kind(kind)}]
}
