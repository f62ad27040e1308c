package offer

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

// names gives each stream a name that a source and its bronze table can have, and that no other source of this type has:
// the last part of its own where that is enough, else all parts, else with a number.
func (a Asked) names(streams []sdk.Stream) []string {
	taken, last := map[string]bool{}, map[string]int{}
	if a.Project != nil {
		for _, s := range a.Project.Sources {
			if s.Provider == a.Schema.Name {
				taken[s.Addr.Name] = true
			}
		}
	}
	for _, s := range streams {
		last[a.name(lastPart(s.Name))]++
	}
	names := make([]string, len(streams))
	for i, s := range streams {
		name := a.name(lastPart(s.Name))
		if last[name] > 1 || taken[name] {
			name = a.name(s.Name)
		}
		names[i] = free(name, taken)
		taken[names[i]] = true
	}
	return names
}

// free is the name, or the name with the first number that makes it nobody's.
func free(name string, taken map[string]bool) string {
	for n := 2; taken[name]; n++ {
		if candidate := fmt.Sprintf("%s_%d", name, n); !taken[candidate] {
			return candidate
		}
	}
	return name
}

// lastPart is what follows the last dot that doesn't stand in quotes, as in `public.orders` and `public."odd.name"`.
func lastPart(name string) string {
	start, quote := 0, rune(0)
	for at, r := range name {
		switch {
		case quote == 0 && (r == '"' || r == '`'):
			quote = r
		case r == quote:
			quote = 0
		case quote == 0 && r == '.' && at+1 < len(name):
			start = at + 1
		}
	}
	return name[start:]
}

// longest is as long as names of tables get in most systems.
const longest = 60

// name makes a name of lower-case letters, digits and underscores that begins with a letter.
func (a Asked) name(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			b.WriteRune(r)
			gap = false
			continue
		}
		gap = true
	}
	name := strings.TrimRight(b.String()[:min(b.Len(), longest)], "_")
	switch {
	case name == "":
		return a.Schema.Name
	case name[0] <= '9':
		return a.Schema.Name + "_" + name
	}
	return name
}
