package diag

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
)

func TestSuggest(t *testing.T) {
	names := []string{"where", "with", "columns", "amount"}
	cases := map[string]string{
		"wehre":   ` Did you mean "where"?`,
		"column":  ` Did you mean "columns"?`,
		"amuont":  ` Did you mean "amount"?`,
		"AMOUNT":  ` Did you mean "amount"?`,
		"x":       "",
		"wit h":   ` Did you mean "with"?`,
		"clomuns": ` Did you mean "columns"?`,
		"zebra":   "",
		"":        "",
	}
	for given, want := range cases {
		if got := Suggest(given, names); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", given, got, want)
		}
	}
	if got := Nearest("ab", []string{"az", "ay", "ax"}); got != "ax" {
		t.Errorf("a tie must go to the first in the alphabet, got %q", got)
	}
}

func TestSortAndUnique(t *testing.T) {
	at := func(file string, b int) hcl.Range {
		return hcl.Range{Filename: file, Start: hcl.Pos{Byte: b}, End: hcl.Pos{Byte: b + 1}}
	}
	diags := hcl.Diagnostics{
		Error(at("b", 1), "S", "x"), Error(at("a", 9), "S", "x"), Error(at("b", 1), "S", "x"),
		Error(at("b", 1), "S", "other"), {Summary: "nowhere"},
	}
	Sort(diags)
	diags = Unique(diags)
	if len(diags) != 4 || diags[0].Summary != "nowhere" || diags[1].Subject.Filename != "a" || diags[3].Detail != "other" {
		t.Errorf("got %v", diags)
	}
}

func TestDetailWithoutArgumentsIsNotFormatted(t *testing.T) {
	if got := Error(hcl.Range{}, "S", "100% sure").Detail; got != "100% sure" {
		t.Error(got)
	}
	if got := List([]string{"a", "b", "c"}); got != "a, b and c" {
		t.Error(got)
	}
}
