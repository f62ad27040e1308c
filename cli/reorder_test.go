package cli

import (
	"strings"
	"testing"
)

// TestReorder puts flags in front of arguments, and etl's own in front of the command, whatever their order was.
func TestReorder(t *testing.T) {
	app := newApp(&environment{})
	for given, want := range map[string]string{
		"":                                         "",
		"plan":                                     "plan",
		"plan -out f":                              "plan -out f",
		"apply f -auto-approve":                    "apply -auto-approve f",
		"apply f -lock-timeout 3s -auto-approve":   "apply -lock-timeout 3s -auto-approve f",
		"apply f -lock-timeout=3s":                 "apply -lock-timeout=3s f",
		"apply f --lock-timeout 3s":                "apply --lock-timeout 3s f",
		"query SELECT -format csv -at 12":          "query -format csv -at 12 SELECT",
		"query -format csv SELECT -at=12":          "query -format csv -at=12 SELECT",
		"query -- -format csv":                     "query -- -format csv",
		"query SELECT -- -format":                  "query -- SELECT -format",
		"state show a -format json":                "state show -format json a",
		"state -format json show a":                "state -format json show a",
		"plan -chdir d":                            "-chdir d plan",
		"plan -no-color -out f":                    "-no-color plan -out f",
		"apply f -log-level=debug -auto-approve":   "-log-level=debug apply -auto-approve f",
		"-chdir d apply f -no-color -auto-approve": "-no-color -chdir d apply -auto-approve f",
		"query SELECT -- -no-color":                "query -- SELECT -no-color",
		"plan -out -no-color":                      "plan -out -no-color", // the value of -out, odd as it is
		"plan -var a=-chdir":                       "plan -var a=-chdir",
		"plan -unknown f":                          "plan -unknown f",
		"nonsense f -chdir d":                      "nonsense f -chdir d",
		"query -":                                  "query -",
		"plan -out":                                "plan -out",
	} {
		args := append([]string{"etl"}, strings.Fields(given)...)
		if got := strings.Join(reorder(app, args)[1:], " "); got != want {
			t.Errorf("%q became %q instead of %q", given, got, want)
		}
	}
	if got := reorder(app, nil); len(got) != 0 {
		t.Errorf("nothing became %q", got)
	}
}
