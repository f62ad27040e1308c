package expr

import "github.com/hashicorp/hcl/v2"

// Hole stands for a part of an expression that has a mistake, or whose value isn't known. What is around it can be bound all
// the same, for its mistakes; a part with a hole has no type.
type Hole struct{ Src hcl.Range }

// String is no expression that could be read again.
func (h *Hole) String() string { return "…" }

// Range is what could not be read.
func (h *Hole) Range() hcl.Range { return h.Src }

// Whole says whether an expression has no holes.
func Whole(n Node) bool {
	if _, hole := n.(*Hole); hole || n == nil {
		return false
	}
	for _, child := range Children(n) {
		if !Whole(child) {
			return false
		}
	}
	return true
}
