// Package decode reads bodies of blocks strictly by their description: what isn't described is a mistake, with a
// suggestion where a name is near.
package decode

import (
	"cmp"
	"slices"
	"sort"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/grammar"
	"github.com/automic-etl/etl/lang/syntax"
	"github.com/automic-etl/etl/plugins/schema"
)

// Body is a block's body whose names have been checked.
type Body struct {
	Spec schema.Block
	// Attributes are those that the description names; Free are the others where it allows any, in written order.
	Attributes map[string]*hclsyntax.Attribute
	Free       []*hclsyntax.Attribute
	// Blocks are in written order.
	Blocks []Block
	// Lost says that something of the body could not be read, name and all.
	Lost  bool
	Range hcl.Range // of the header of the block it belongs to
}

// Block is a nested block.
type Block struct {
	*hclsyntax.Block
	Spec schema.NestedBlock
	// Eval is the context of a block that dynamic made; nil for all others.
	Eval *hcl.EvalContext
	// Lost says that the block can't be read: it only keeps its place among the others.
	Lost bool
}

// Open checks the names of a body. What is wrong is reported, and read as what was probably meant, or else left out. Where
// ctx is given, dynamic blocks are expanded with it; without it they are refused.
func Open(block *hclsyntax.Block, spec schema.Block, ctx *hcl.EvalContext) (*Body, hcl.Diagnostics) {
	b := &Body{Spec: spec, Attributes: map[string]*hclsyntax.Attribute{}, Lost: syntax.Lost(block.Body), Range: block.DefRange()}
	var diags hcl.Diagnostics
	for _, attr := range Ordered(block.Body) {
		diags = append(diags, b.attribute(attr, block.Type)...)
	}
	for _, attr := range Ordered(block.Body) {
		b.guess(attr)
	}
	for _, nested := range block.Body.Blocks {
		if nested.Type == "dynamic" && ctx != nil {
			made, more := b.dynamic(nested, block.Type, ctx)
			if diags = append(diags, more...); !made {
				b.lose(generated(nested))
			}
			continue
		}
		diags = append(diags, b.block(nested, block.Type, nil)...)
	}
	slices.SortStableFunc(b.Blocks, func(a, b Block) int { return cmp.Compare(a.TypeRange.Start.Byte, b.TypeRange.Start.Byte) })
	diags = append(diags, b.missing(block)...)
	return b, diags
}

// Ordered are a body's attributes as they were written.
func Ordered(body *hclsyntax.Body) []*hclsyntax.Attribute {
	attributes := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for name, attr := range body.Attributes {
		if name != "" { // what could not be read has none
			attributes = append(attributes, attr)
		}
	}
	sort.Slice(attributes, func(i, j int) bool {
		return attributes[i].NameRange.Start.Byte < attributes[j].NameRange.Start.Byte
	})
	return attributes
}

func (b *Body) attribute(attr *hclsyntax.Attribute, owner string) hcl.Diagnostics {
	if spec, ok := b.Spec.Attribute(attr.Name); ok {
		b.Attributes[attr.Name] = attr
		if spec.Deprecated != "" {
			return hcl.Diagnostics{diag.Warning(attr.NameRange, "Deprecated attribute",
				"The attribute %q will go away. %s", attr.Name, spec.Deprecated)}
		}
		return nil
	}
	if _, ok := b.Spec.Nested(attr.Name); ok {
		b.lose(&hclsyntax.Block{Type: attr.Name, TypeRange: attr.NameRange, OpenBraceRange: attr.SrcRange})
		return hcl.Diagnostics{diag.Error(attr.NameRange, "Block expected",
			"%q is a block: write it without the equals sign, as %s { … }.", attr.Name, attr.Name)}
	}
	if _, ok := b.Spec.Attribute(grammar.Free); ok {
		b.Free = append(b.Free, attr)
		return nil
	}
	return hcl.Diagnostics{diag.Error(attr.NameRange, "Unsupported attribute",
		"The block %q has no attribute %q.%s", owner, attr.Name, offered(attr.Name, b.Spec))}
}

// guess takes an attribute that there isn't for the one with the nearest name, unless that is given too.
func (b *Body) guess(attr *hclsyntax.Attribute) {
	if b.Attributes[attr.Name] == attr || slices.Contains(b.Free, attr) {
		return
	}
	near := diag.Nearest(attr.Name, names(b.Spec))
	if _, ok := b.Spec.Attribute(near); ok && b.Attributes[near] == nil {
		b.Attributes[near] = attr
	}
}

// Guess is what a block that there isn't may be meant for: the one with the nearest name, if its labels are as many.
func Guess(block *hclsyntax.Block, spec schema.Block) (*hclsyntax.Block, schema.NestedBlock, bool) {
	near, ok := spec.Nested(diag.Nearest(block.Type, names(spec)))
	if !ok || len(near.Labels) != len(block.Labels) {
		return block, near, false
	}
	meant := *block
	meant.Type = near.Name
	return &meant, near, true
}

func (b *Body) block(block *hclsyntax.Block, owner string, ctx *hcl.EvalContext) hcl.Diagnostics {
	spec, ok := b.Spec.Nested(block.Type)
	if !ok {
		if meant, near, ok := Guess(block, b.Spec); ok {
			b.Blocks = append(b.Blocks, Block{Block: meant, Spec: near, Eval: ctx})
		} else {
			b.lose(block)
		}
		if _, ok := b.Spec.Attribute(block.Type); ok {
			return hcl.Diagnostics{diag.Error(block.TypeRange, "Attribute expected",
				"%q is an attribute: write it with an equals sign, as %s = ….", block.Type, block.Type)}
		}
		return hcl.Diagnostics{diag.Error(block.TypeRange, "Unsupported block type",
			"The block %q has no block %q.%s", owner, block.Type, offered(block.Type, b.Spec))}
	}
	if d := Labels(block, spec); d != nil {
		b.lose(block)
		return hcl.Diagnostics{d}
	}
	b.Blocks = append(b.Blocks, Block{Block: block, Spec: spec, Eval: ctx})
	if spec.Max > 0 && count(b.Blocks, block.Type) == spec.Max+1 {
		return hcl.Diagnostics{diag.Error(block.DefRange(), "Too many blocks",
			"The block %q takes at most %d of %q. Remove this one, or put what it says into the first.", owner, spec.Max, block.Type)}
	}
	return nil
}

// lose keeps the place of a block that can't be read.
func (b *Body) lose(block *hclsyntax.Block) {
	b.Blocks = append(b.Blocks, Block{Block: block, Lost: true})
}

// Loses says whether what has a name is among what can't be read.
func (b *Body) Loses(name string) bool {
	return slices.ContainsFunc(b.Blocks, func(block Block) bool { return block.Lost && block.Type == name })
}

// Labels refuses a block with more or fewer labels than its description has.
func Labels(block *hclsyntax.Block, spec schema.NestedBlock) *hcl.Diagnostic {
	want := ""
	for _, label := range spec.Labels {
		want += " \"" + label + "\""
	}
	switch {
	case len(block.Labels) < len(spec.Labels):
		return diag.Error(block.DefRange(), "Missing label",
			"Labels are missing after %q. Write %s%s { … }.", block.Type, block.Type, want)
	case len(block.Labels) > len(spec.Labels):
		return diag.Error(block.LabelRanges[len(spec.Labels)], "Too many labels",
			"There are more labels after %q than it has. Write %s%s { … }.", block.Type, block.Type, want)
	}
	return nil
}

func (b *Body) missing(block *hclsyntax.Block) hcl.Diagnostics {
	var diags hcl.Diagnostics
	if b.Lost {
		return nil
	}
	for _, spec := range b.Spec.Attributes {
		if spec.Required && b.Attributes[spec.Name] == nil && !b.Loses(spec.Name) {
			diags = append(diags, diag.Error(block.DefRange(), "Missing attribute",
				"The block %q needs the attribute %q. %s", block.Type, spec.Name, spec.Doc))
		}
	}
	for _, spec := range b.Spec.Blocks {
		if n := count(b.Blocks, spec.Name); n < spec.Min && !b.Loses(spec.Name) {
			diags = append(diags, diag.Error(block.DefRange(), "Missing block",
				"The block %q needs at least %d of %q and has %d. %s", block.Type, spec.Min, spec.Name, n, spec.Block.Doc))
		}
	}
	return diags
}

// Of are the nested blocks of a type that can be read.
func (b *Body) Of(name string) []Block {
	var found []Block
	for _, block := range b.Blocks {
		if block.Type == name && !block.Lost {
			found = append(found, block)
		}
	}
	return found
}

func count(blocks []Block, name string) int {
	n := 0
	for _, b := range blocks {
		if b.Type == name && !b.Lost {
			n++
		}
	}
	return n
}

func names(spec schema.Block) []string {
	all := slices.DeleteFunc(spec.Names(), func(name string) bool { return name == grammar.Free })
	sort.Strings(all)
	return all
}

// offered is what was probably meant, or else all that may stand in a block.
func offered(given string, spec schema.Block) string {
	all := names(spec)
	if hint := diag.Suggest(given, all); hint != "" {
		return hint
	}
	if len(all) == 0 {
		return " It takes none."
	}
	return " It takes " + diag.List(all) + "."
}
