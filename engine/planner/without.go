package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// sayWithout adds to what is wrong with a source how to go on without it, where there is anything to go on with.
func (r *planning) sayWithout(n *node, said hcl.Diagnostics, unread []*node) {
	keep, flags := map[*node]bool{}, []string(nil)
	for _, other := range r.order {
		keep[other] = true
	}
	for _, other := range unread {
		if other.source == n.source {
			mark(keep, other, false, downstream)
			flags = append(flags, "-exclude="+shellWord(other.table.Addr.String()))
		}
	}
	if !slices.ContainsFunc(r.order, func(other *node) bool { return keep[other] }) {
		return
	}
	if i := slices.IndexFunc(said, func(d *hcl.Diagnostic) bool { return d.Severity == hcl.DiagError }); i >= 0 {
		said[i].Detail += fmt.Sprintf("\nTo go on with all else meanwhile: %s", strings.Join(flags, " "))
	}
}

// shellWord quotes an address that a shell would take apart.
func shellWord(address string) string {
	if strings.ContainsAny(address, "[\"' ") {
		return "'" + strings.ReplaceAll(address, "'", `'\''`) + "'"
	}
	return address
}
