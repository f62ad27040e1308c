package planner

import (
	"encoding/json"

	ctyjson "github.com/zclconf/go-cty/cty/json"

	"github.com/automic-etl/etl/engine/plan"
)

// outputs are what the configuration asks to be shown; sensitive ones without their value.
func (r *planning) outputs() []plan.Output {
	var shown []plan.Output
	for _, o := range r.Project.Outputs {
		out := plan.Output{Name: o.Addr.Name, Doc: o.Doc, Sensitive: o.Sensitive}
		value, marks := o.Value.UnmarkDeep()
		if !o.Sensitive && len(marks) == 0 && value.IsWhollyKnown() {
			if text, err := ctyjson.Marshal(value, value.Type()); err == nil {
				out.Value = json.RawMessage(text)
			}
		}
		shown = append(shown, out)
	}
	return shown
}
