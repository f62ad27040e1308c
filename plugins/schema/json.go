package schema

import (
	"encoding/json"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// attributeJSON is an Attribute as JSON; go-cty has no JSON tags of its own for types and values in structs.
type attributeJSON struct {
	Name       string          `json:"name"`
	Kind       AttributeKind   `json:"kind,omitempty"`
	Type       json.RawMessage `json:"type,omitempty"`
	Required   bool            `json:"required,omitempty"`
	Sensitive  bool            `json:"sensitive,omitempty"`
	Cosmetic   bool            `json:"cosmetic,omitempty"`
	Deprecated string          `json:"deprecated,omitempty"`
	Default    json.RawMessage `json:"default,omitempty"`
	OneOf      []string        `json:"one_of,omitempty"`
	Doc        string          `json:"doc,omitempty"`
}

// MarshalJSON writes the type and the default as go-cty does.
func (a Attribute) MarshalJSON() ([]byte, error) {
	out := attributeJSON{
		Name: a.Name, Kind: a.Kind, Required: a.Required, Sensitive: a.Sensitive, Cosmetic: a.Cosmetic,
		Deprecated: a.Deprecated, OneOf: a.OneOf, Doc: a.Doc,
	}
	var err error
	if a.Type != cty.NilType {
		if out.Type, err = ctyjson.MarshalType(a.Type); err != nil {
			return nil, fmt.Errorf("encoding the type of %s: %w", a.Name, err)
		}
	}
	if a.Default != cty.NilVal {
		if out.Default, err = ctyjson.Marshal(a.Default, a.ImpliedType()); err != nil {
			return nil, fmt.Errorf("encoding the default of %s: %w", a.Name, err)
		}
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (a *Attribute) UnmarshalJSON(text []byte) error {
	var in attributeJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*a = Attribute{
		Name: in.Name, Kind: in.Kind, Required: in.Required, Sensitive: in.Sensitive, Cosmetic: in.Cosmetic,
		Deprecated: in.Deprecated, OneOf: in.OneOf, Doc: in.Doc,
	}
	var err error
	if in.Type != nil {
		if a.Type, err = ctyjson.UnmarshalType(in.Type); err != nil {
			return fmt.Errorf("decoding the type of %s: %w", in.Name, err)
		}
	}
	if in.Default != nil {
		if a.Default, err = ctyjson.Unmarshal(in.Default, a.ImpliedType()); err != nil {
			return fmt.Errorf("decoding the default of %s: %w", in.Name, err)
		}
	}
	return nil
}
