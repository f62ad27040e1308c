package addr

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// labels is how many labels an address of each kind has.
func labels(k Kind) int {
	switch k {
	case Connection, Source, Table, Model:
		return 2
	case Variable, Local, Layer, Output, Function:
		return 1
	}
	return 0
}

// Parse reads an address as a user writes it on the command line or in an expression: `table.gold.customers["eu"]`.
func Parse(s string) (Address, error) {
	t, diags := hclsyntax.ParseTraversalAbs([]byte(s), "", hcl.InitialPos)
	if diags.HasErrors() {
		return Address{}, fmt.Errorf("%q is no address: write the kind and the labels of a block joined by dots, "+
			"as in table.silver.orders or table.gold.customers[\"eu\"]", s)
	}
	a, rest, err := FromTraversal(t)
	if err != nil {
		return Address{}, fmt.Errorf("%q is no address: %w", s, err)
	}
	if len(rest) > 0 {
		return Address{}, fmt.Errorf("%q is no address: it goes on after %s", s, a)
	}
	return a, nil
}

// FromTraversal reads the address that a traversal begins with and returns what follows it.
func FromTraversal(t hcl.Traversal) (Address, hcl.Traversal, error) {
	if t.IsRelative() || len(t) == 0 {
		return Address{}, nil, errors.New("an address starts with the kind of a block")
	}
	kind := Kind(t.RootName())
	n := labels(kind)
	if n == 0 {
		return Address{}, nil, fmt.Errorf("there is no kind of block named %q; an address starts with one of %s",
			t.RootName(), strings.Join(Kinds(), ", "))
	}
	names, err := attributes(t[1:], n)
	if err != nil {
		return Address{}, nil, fmt.Errorf("%s: %w", kind, err)
	}
	a := Address{Kind: kind, Name: names[n-1]}
	if n == 2 {
		a.Type = names[0]
	}
	rest := t[n+1:]
	if len(rest) > 0 {
		if index, ok := rest[0].(hcl.TraverseIndex); ok && n == 2 {
			if a.Key, err = key(index.Key); err != nil {
				return Address{}, nil, err
			}
			rest = rest[1:]
		}
	}
	return a, rest, nil
}

// Kinds are the words that an address may start with.
func Kinds() []string {
	all := []Kind{Connection, Source, Table, Model, Variable, Local, Layer, Output, Function}
	names := make([]string, len(all))
	for i, k := range all {
		names[i] = string(k)
	}
	return names
}

func attributes(t hcl.Traversal, n int) ([]string, error) {
	names := make([]string, 0, n)
	for i := 0; i < n && i < len(t); i++ {
		attr, ok := t[i].(hcl.TraverseAttr)
		if !ok {
			break
		}
		names = append(names, attr.Name)
	}
	if len(names) < n {
		if n == 1 {
			return nil, errors.New("the address needs a name after the kind")
		}
		return nil, errors.New("the address needs two names after the kind, as in table.silver.orders")
	}
	return names, nil
}

func key(v cty.Value) (string, error) {
	if v.IsMarked() || !v.IsKnown() || v.IsNull() {
		return "", errors.New("the key of an instance must be a known string")
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil || s.AsString() == "" {
		return "", errors.New("the key of an instance must be a string that is not empty")
	}
	return s.AsString(), nil
}
