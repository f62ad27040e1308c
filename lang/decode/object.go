package decode

import (
	"fmt"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/eval"
	"github.com/automic-etl/etl/lang/expr"
	"github.com/automic-etl/etl/plugins/schema"
)

// Object is a decoded block of a provider.
type Object struct {
	Value  cty.Value            // of the type that the description implies; may carry sensitive marks
	Ranges map[string]hcl.Range // of the attributes, by dotted path
	Items  []Item               // what was written, in the description's order
}

// Item is one attribute that isn't at its default, in canonical spelling.
type Item struct {
	Path, Value string
	Cosmetic    bool
}

// decoder walks a provider's block.
type decoder struct {
	env    expr.Env
	object Object
}

// Provider decodes a block of a provider: all attributes to values, references to columns to strings.
func Provider(body *Body, env expr.Env) (Object, hcl.Diagnostics) {
	d := &decoder{env: env, object: Object{Ranges: map[string]hcl.Range{}}}
	value, diags := d.body(body, "", env)
	d.object.Value = value
	return d.object, diags
}

func (d *decoder) body(body *Body, prefix string, env expr.Env) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	values := make(map[string]cty.Value, len(body.Spec.Attributes))
	for _, spec := range body.Spec.Attributes {
		attr := body.Attributes[spec.Name]
		if attr == nil {
			values[spec.Name] = empty(spec)
			continue
		}
		v, more := d.attribute(attr, spec, env)
		diags = append(diags, more...)
		values[spec.Name] = v
		d.object.Ranges[prefix+spec.Name] = attr.SrcRange
		if !more.HasErrors() {
			d.item(prefix, attr, spec, v)
		}
	}
	for _, spec := range body.Spec.Blocks {
		v, more := d.nested(body.Of(spec.Name), spec, prefix, env)
		diags = append(diags, more...)
		values[spec.Name] = v
	}
	return cty.ObjectVal(values), diags
}

// empty is the value of an attribute that isn't written. A default may be spelled in a type that converts to the
// attribute's, such as a tuple for a list.
func empty(spec schema.Attribute) cty.Value {
	if v, err := spec.Coerce(spec.Empty()); err == nil {
		return v
	}
	return cty.NullVal(spec.ImpliedType())
}

func (d *decoder) nested(blocks []Block, spec schema.NestedBlock, prefix string, env expr.Env) (cty.Value, hcl.Diagnostics) {
	var diags hcl.Diagnostics
	var values []cty.Value
	for i, block := range blocks {
		inner := env
		if block.Eval != nil {
			inner.Eval = block.Eval
		}
		path := prefix + spec.Name + "."
		if !spec.Single() {
			path = fmt.Sprintf("%s%s[%d].", prefix, spec.Name, i)
		}
		body, more := Open(block.Block, spec.Block, inner.Eval)
		diags = append(diags, more...)
		v, more := d.body(body, path, inner)
		diags = append(diags, more...)
		values = append(values, d.labelled(v, block, spec, path))
	}
	switch {
	case len(values) == 0 && spec.Single():
		return cty.NullVal(spec.ImpliedType()), diags
	case len(values) == 0:
		return cty.ListValEmpty(spec.ImpliedType().ElementType()), diags
	case spec.Single():
		return values[0], diags
	}
	return cty.ListVal(values), diags
}

func (d *decoder) labelled(v cty.Value, block Block, spec schema.NestedBlock, path string) cty.Value {
	if len(spec.Labels) == 0 {
		return v
	}
	values := v.AsValueMap()
	for i, label := range spec.Labels {
		text := cty.StringVal(block.Labels[i])
		values[label] = text
		d.object.Items = append(d.object.Items, Item{Path: path + label, Value: eval.Canonical(text)})
	}
	return cty.ObjectVal(values)
}

func (d *decoder) attribute(attr *hclsyntax.Attribute, spec schema.Attribute, env expr.Env) (cty.Value, hcl.Diagnostics) {
	unknown := cty.UnknownVal(spec.ImpliedType())
	switch spec.Kind {
	case schema.Column:
		name, diags := expr.ParseName(attr.Expr)
		if diags.HasErrors() {
			return unknown, diags
		}
		return cty.StringVal(name.Name), diags
	case schema.Columns:
		names, diags := expr.ParseNames(attr.Expr)
		if diags.HasErrors() {
			return unknown, diags
		}
		return columnList(names), diags
	case schema.Expression:
		node, diags := expr.Parse(attr.Expr, env)
		if diags.HasErrors() {
			return unknown, diags
		}
		return cty.StringVal(node.String()), diags
	case schema.Types:
		return types(attr.Expr)
	}
	return Value(attr.Expr, spec, env.Eval)
}

func columnList(names []expr.Name) cty.Value {
	if len(names) == 0 {
		return cty.ListValEmpty(cty.String)
	}
	values := make([]cty.Value, len(names))
	for i, name := range names {
		values[i] = cty.StringVal(name.Name)
	}
	return cty.ListVal(values)
}

func (d *decoder) item(prefix string, attr *hclsyntax.Attribute, spec schema.Attribute, v cty.Value) {
	if !eval.IsSensitive(v) && v.RawEquals(empty(spec)) {
		return
	}
	text := eval.Canonical(v)
	if eval.IsSensitive(v) {
		text = Reference(attr.Expr, d.env.Files, spec.Sensitive)
	}
	d.object.Items = append(d.object.Items, Item{Path: prefix + spec.Name, Value: text, Cosmetic: spec.Cosmetic})
}
