package schema

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// Verify checks a provider's description of itself. Everything that is wrong is reported together.
func (p Provider) Verify() error {
	var errs []error
	if !hclsyntax.ValidIdentifier(p.Name) {
		errs = append(errs, fmt.Errorf("the provider's name %q is no identifier", p.Name))
	}
	if p.Connection != nil {
		errs = append(errs, p.Connection.verify("connection", nil)...)
	}
	errs = append(errs, p.Source.verify("source", []string{"connection", "extract", "for_each"})...)
	if len(p.Extract) == 0 {
		errs = append(errs, errors.New("no extract mode is supported"))
	}
	for _, mode := range p.Modes() {
		if !slices.Contains([]string{Batch, Incremental, Delta}, mode) {
			errs = append(errs, fmt.Errorf("extract: there is no mode %q", mode))
		}
		errs = append(errs, p.Extract[mode].verify("extract."+mode, nil)...)
	}
	return errors.Join(errs...)
}

// Modes are the supported extract modes, sorted.
func (p Provider) Modes() []string {
	modes := make([]string, 0, len(p.Extract))
	for mode := range p.Extract {
		modes = append(modes, mode)
	}
	slices.Sort(modes)
	return modes
}

// verify takes the names that the language itself uses in this block.
func (b Block) verify(path string, taken []string) []error {
	var errs []error
	for _, a := range b.Attributes {
		errs = append(errs, unique(path, a.Name, &taken)...)
		for _, err := range a.verify() {
			errs = append(errs, fmt.Errorf("%s.%s: %w", path, a.Name, err))
		}
	}
	for _, n := range b.Blocks {
		errs = append(errs, unique(path, n.Name, &taken)...)
		errs = append(errs, n.verify(path+"."+n.Name)...)
	}
	return errs
}

func unique(path, name string, taken *[]string) []error {
	if slices.Contains(*taken, name) {
		return []error{fmt.Errorf("%s.%s: the name is taken", path, name)}
	}
	*taken = append(*taken, name)
	if !hclsyntax.ValidIdentifier(name) {
		return []error{fmt.Errorf("%s.%s: the name is no identifier", path, name)}
	}
	return nil
}

func (n NestedBlock) verify(path string) []error {
	errs := n.Block.verify(path, slices.Clone(n.Labels))
	if n.Min < 0 || n.Max < 0 || (n.Max > 0 && n.Min > n.Max) {
		errs = append(errs, fmt.Errorf("%s: no number of blocks is between %d and %d", path, n.Min, n.Max))
	}
	if !n.Single() && n.ImpliedType().HasDynamicTypes() {
		errs = append(errs, fmt.Errorf("%s: a repeated block can't have an attribute of any type", path))
	}
	return errs
}

func (a Attribute) verify() []error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch a.Kind {
	case "", Value:
		if a.Type == cty.NilType {
			fail("the type is missing")
			return errs
		}
	case Column, Columns, Expression, Types:
		if a.Type != cty.NilType && !a.Type.Equals(a.ImpliedType()) {
			fail("a type has no meaning for an attribute of kind %s", a.Kind)
		}
	default:
		fail("there is no kind %q", a.Kind)
	}
	if a.Default != cty.NilVal {
		if a.Required {
			fail("what is required needs no default")
		}
		if _, err := a.Coerce(a.Default); err != nil {
			fail("the default %w", err)
		}
	}
	if len(a.OneOf) > 0 && a.ImpliedType() != cty.String {
		fail("only a string can be one of several")
	}
	return errs
}
