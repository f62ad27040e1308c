package config

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

var projectName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,63}$`)

var constraint = regexp.MustCompile(`^(>=|<=|!=|~>|=|>|<)?\s*v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$`)

var release = regexp.MustCompile(`^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$`)

type version [3]int

// satisfies holds a version against constraints joined by commas. A version that is no release, such as a developer's
// build, satisfies all.
func satisfies(have, constraints string) (bool, error) {
	m := release.FindStringSubmatch(have)
	all := true
	for _, text := range strings.Split(constraints, ",") {
		c := constraint.FindStringSubmatch(strings.TrimSpace(text))
		if c == nil {
			return false, fmt.Errorf("%q is no constraint on versions", strings.TrimSpace(text))
		}
		if m != nil {
			all = all && holds(c[1], numbers(m[1:4]), numbers(c[2:5]), parts(c[2:5]))
		}
	}
	return all, nil
}

func numbers(texts []string) version {
	var v version
	for i, text := range texts {
		v[i], _ = strconv.Atoi(text) // digits only, or empty for zero
	}
	return v
}

func parts(texts []string) int {
	n := 0
	for _, text := range texts {
		if text != "" {
			n++
		}
	}
	return n
}

func holds(operator string, have, want version, parts int) bool {
	order := have.compare(want)
	switch operator {
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	case "<":
		return order < 0
	case "!=":
		return order != 0
	case "~>":
		// The last part that is written may grow: ~> 1.2 allows 1.9, ~> 1.2.3 allows 1.2.9.
		limit := want
		if at := max(parts-2, 0); parts > 1 {
			limit[at]++
			clear(limit[at+1:])
			return order >= 0 && have.compare(limit) < 0
		}
		return order >= 0
	}
	return order == 0
}

func (v version) compare(w version) int {
	return cmp.Or(cmp.Compare(v[0], w[0]), cmp.Compare(v[1], w[1]), cmp.Compare(v[2], w[2]))
}
