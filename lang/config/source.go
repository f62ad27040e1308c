package config

import (
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema"
)

func (l *loader) env(ctx *hcl.EvalContext) expr.Env {
	return expr.Env{Eval: ctx, Functions: l.functions, May: l.project.mayDeclare, Files: l.project.Files}
}

// merged is the description of a block: what the language has in every such block, and what the provider adds.
func merged(own, provider schema.Block, without ...string) schema.Block {
	all := schema.Block{Doc: provider.Doc}
	for _, attr := range own.Attributes {
		if !slices.Contains(without, attr.Name) {
			all.Attributes = append(all.Attributes, attr)
		}
	}
	all.Attributes = append(all.Attributes, provider.Attributes...)
	all.Blocks = append(append(all.Blocks, own.Blocks...), provider.Blocks...)
	return all
}

// provide decodes the provider's part of an opened body.
func (l *loader) provide(body *decode.Body, spec schema.Block, ctx *hcl.EvalContext) (decode.Object, bool) {
	part := *body
	part.Spec = spec
	object, diags := decode.Provider(&part, l.env(ctx))
	l.reportKnown(diags)
	return object, !diags.HasErrors()
}

func (l *loader) connections(h *header) {
	provider := l.providers[h.addr.Type]
	if provider == nil {
		return
	}
	if provider.Connection == nil {
		l.report(diag.Error(h.block.DefRange(), "Needless connection", "Sources of the provider %q need no connection. Remove this block.", h.addr.Type))
		return
	}
	for _, i := range h.instances {
		body, diags := decode.Open(h.block, merged(h.spec, *provider.Connection), i.eval)
		l.report(diags...)
		object, ok := l.provide(body, *provider.Connection, i.eval)
		if !ok || i.ghost || h.broken {
			continue
		}
		l.secret(object.Value)
		c := &Connection{Addr: h.addr.Instance(i.key), Config: object.Value, Range: h.block.DefRange()}
		for _, item := range object.Items {
			if !item.Cosmetic {
				c.definition = append(c.definition, Item{Path: item.Path, Value: item.Value})
			}
		}
		l.project.Connections = append(l.project.Connections, c)
	}
}

func (l *loader) sources(h *header) {
	provider := l.providers[h.addr.Type]
	if provider == nil {
		return
	}
	for _, i := range h.instances {
		s := &Source{
			Addr: h.addr.Instance(i.key), Provider: h.addr.Type, Mode: schema.Batch, Range: h.block.DefRange(), Contested: h.contested,
			Extract: provider.Extract[schema.Batch].Empty(),
		}
		if l.source(h, s, *provider, i) && !i.ghost && !h.broken {
			l.secret(s.Config)
			l.secret(s.Extract)
			l.project.Sources = append(l.project.Sources, s)
		}
	}
}

func (l *loader) source(h *header, s *Source, provider schema.Provider, i instance) bool {
	var without []string
	if provider.Connection == nil {
		without = []string{"connection"}
	}
	body, diags := decode.Open(h.block, merged(h.spec, provider.Source, without...), i.eval)
	l.report(diags...)
	l.connect(body, s, provider, i)
	object, ok := l.provide(body, provider.Source, i.eval)
	s.Config, s.Attributes = object.Value, object.Ranges
	for _, item := range object.Items {
		if !item.Cosmetic {
			s.Definition = append(s.Definition, Item{Path: item.Path, Value: item.Value})
		}
	}
	if _, batch := provider.Extract[schema.Batch]; !batch && len(body.Of("extract")) == 0 {
		l.report(diag.Error(s.Range, "Missing extract mode", "Sources of the provider %q can't be read at once. Say how to read it: extract %q { … }.",
			s.Provider, provider.Modes()[0]))
		return false
	}
	for _, block := range body.Of("extract") {
		ok = l.extract(block, s, provider, i) && ok
	}
	s.Definition = append(s.Definition, Item{Path: "extract", Value: spell(s.Mode)})
	return ok && !diags.HasErrors()
}

// connect finds the connection of a source.
func (l *loader) connect(body *decode.Body, s *Source, provider schema.Provider, i instance) {
	attr := body.Attributes["connection"]
	if attr == nil || provider.Connection == nil {
		return
	}
	a, ok := l.address(attr.Expr, i.eval, addr.Connection)
	if !ok {
		return
	}
	if a.Type != s.Provider {
		l.report(diag.Error(attr.Expr.Range(), "Connection of another provider",
			"A source of %q can't read through %s. Name a connection of the same provider.", s.Provider, a))
		return
	}
	s.Connection = &a
	s.Definition = append(s.Definition, Item{Path: "connection", Value: a.String()})
	for _, c := range l.project.Connections {
		if c.Addr == a {
			for _, item := range c.definition {
				s.Definition = append(s.Definition, Item{Path: "connection." + item.Path, Value: item.Value})
			}
		}
	}
}

func (l *loader) extract(block decode.Block, s *Source, provider schema.Provider, i instance) bool {
	mode := block.Labels[0]
	spec, ok := provider.Extract[mode]
	if !ok {
		l.report(diag.Error(block.LabelRanges[0], "Unknown extract mode", "Sources of the provider %q have no mode %q.%s They have %s.",
			s.Provider, mode, diag.Suggest(mode, provider.Modes()), diag.List(provider.Modes())))
		return false
	}
	s.Mode = mode
	body, diags := decode.Open(block.Block, spec, i.eval)
	l.report(diags...)
	object, ok := l.provide(body, spec, i.eval)
	s.Extract = object.Value
	for path, at := range object.Ranges {
		s.Attributes["extract."+path] = at
	}
	for _, item := range object.Items {
		if !item.Cosmetic {
			s.Definition = append(s.Definition, Item{Path: "extract." + item.Path, Value: item.Value})
		}
	}
	return ok && !diags.HasErrors()
}
