package config

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema"
)

// sourceItems begins the paths of a table's definition that are of its source.
const sourceItems = "source."

// Recall makes a source of what a table's recorded definition says of it, for one that is no longer declared. What nested
// blocks said is forgotten. It fails where an attribute that the provider can't do without was not recorded, as it was secret.
func Recall(address string, table []Item, p schema.Provider) (*Source, error) {
	a, err := addr.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("recalling a source: %w", err)
	}
	said := map[string]string{}
	for _, item := range table {
		if path, ok := strings.CutPrefix(item.Path, sourceItems); ok {
			said[path] = item.Value
		}
	}
	s := &Source{Addr: a, Provider: p.Name, Mode: unspelled(said["extract"]), Attributes: map[string]hcl.Range{}}
	if text, ok := said["connection"]; ok {
		connection, err := addr.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("recalling the connection of %s: %w", address, err)
		}
		s.Connection = &connection
	}
	if s.Config, err = recalled(p.Source, said, ""); err != nil {
		return nil, fmt.Errorf("recalling %s: %w", address, err)
	}
	if s.Extract, err = recalled(p.Extract[s.Mode], said, "extract."); err != nil {
		return nil, fmt.Errorf("recalling how %s was read: %w", address, err)
	}
	return s, nil
}

// recalled is a block with the attributes that were recorded.
func recalled(b schema.Block, said map[string]string, prefix string) (cty.Value, error) {
	values := b.Empty().AsValueMap()
	if values == nil {
		return b.Empty(), nil
	}
	for _, spec := range b.Attributes {
		v, known := literal(said[prefix+spec.Name])
		if known {
			coerced, err := spec.Coerce(v)
			if err != nil {
				return cty.NilVal, fmt.Errorf("%s %w", spec.Name, err)
			}
			values[spec.Name] = coerced
		} else if spec.Required {
			return cty.NilVal, fmt.Errorf("%s was not recorded", spec.Name)
		}
	}
	return cty.ObjectVal(values), nil
}

// literal evaluates a recorded value; false where none was recorded, or only where a secret came from.
func literal(text string) (cty.Value, bool) {
	if text == "" {
		return cty.NilVal, false
	}
	e, diags := hclsyntax.ParseExpression([]byte(text), "", hcl.InitialPos)
	if diags.HasErrors() {
		return cty.NilVal, false
	}
	v, diags := e.Value(nil)
	return v, !diags.HasErrors()
}

func unspelled(text string) string {
	if v, ok := literal(text); ok && v.Type() == cty.String {
		return v.AsString()
	}
	return ""
}
