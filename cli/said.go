package cli

import "github.com/hashicorp/hcl/v2"

// said is what the plans of a run that goes on warned of: nobody needs to read in each round what stands since the first.
type said struct {
	before, now map[warning]bool // in earlier rounds, in this one
}

// warning is what makes two warnings the same one.
type warning struct {
	at              hcl.Range
	summary, detail string
}

// unsaid are the diagnostics without warnings that earlier rounds have given, word for word.
func (s *said) unsaid(diags hcl.Diagnostics) hcl.Diagnostics {
	if s == nil {
		return diags
	}
	var fresh hcl.Diagnostics
	for _, d := range diags {
		if d.Severity != hcl.DiagWarning {
			fresh = append(fresh, d)
			continue
		}
		w := warning{summary: d.Summary, detail: d.Detail}
		if d.Subject != nil {
			w.at = *d.Subject
		}
		if s.now[w] = true; !s.before[w] {
			fresh = append(fresh, d)
		}
	}
	return fresh
}

// turn ends a round. What a whole one didn't warn of is gone, and said again should it come back; one that leaves tables out
// tells nothing of theirs.
func (s *said) turn(whole bool) {
	if whole {
		clear(s.before)
	}
	for w := range s.now {
		s.before[w] = true
	}
	clear(s.now)
}
