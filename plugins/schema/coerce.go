package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// Coerce converts a written value to the attribute's type and checks it against the allowed values. Marks stay, unknown
// values pass. The error says what is wrong in words that fit after the attribute's name.
func (a Attribute) Coerce(v cty.Value) (cty.Value, error) {
	converted, err := convert.Convert(v, a.ImpliedType())
	if err != nil {
		return cty.NullVal(a.ImpliedType()), fmt.Errorf("must be %s: %w", a.ImpliedType().FriendlyNameForConstraint(), err)
	}
	if converted.IsNull() {
		if a.Required {
			return converted, fmt.Errorf("is required and must not be null")
		}
		return a.Empty().WithMarks(converted.Marks()), nil
	}
	return converted, a.allowed(converted)
}

func (a Attribute) allowed(v cty.Value) error {
	plain, _ := v.Unmark()
	if len(a.OneOf) == 0 || !plain.IsKnown() || plain.Type() != cty.String || slices.Contains(a.OneOf, plain.AsString()) {
		return nil
	}
	return fmt.Errorf("must be one of %s, not %q", strings.Join(a.OneOf, ", "), plain.AsString())
}
