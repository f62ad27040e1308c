package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestCommandLines are refused before anything is looked at, each with what to do.
func TestCommandLines(t *testing.T) {
	dir := shopFolder(t)
	for line, want := range map[string]string{
		"plan extra":                   "`etl plan` takes no arguments, and \"extra\" is one. To choose a table, write -target=extra.",
		"destroy table.a.b":            "`etl destroy` takes no arguments, and \"table.a.b\" is one.",
		"history a b":                  "`etl history` takes [ADDRESS], and \"b\" is one argument too many.",
		"apply a b -auto-approve":      "`etl apply` takes [FILE], and \"b\" is one argument too many.",
		"state unlock a b":             "`etl unlock` takes ID, and \"b\" is one argument too many.",
		"state locks a":                "`etl locks` takes no arguments, and \"a\" is one.",
		"plan -detail":                 "`etl plan` has no flag -detail. Did you mean \"-detailed-exitcode\"? `etl help plan` lists those it has.",
		"plan -d":                      "`etl plan` has no flag -d. `etl help plan` lists those it has.", // more than one begins so
		"state list -fromat=csv":       "`etl state list` has no flag -fromat. Did you mean \"-format\"?",
		"-chidr=x plan":                "`etl` has no flag -chidr. Did you mean \"-chdir\"? `etl help` lists those it has.",
		"plan -out":                    "-out needs a value: -out=FILE.",
		"history -format":              "-format needs a value: -format=VALUE.",
		"plan -json=maybe":             "-json=maybe: it must be true or false, or stand alone.",
		"apply -parallelism=many":      "-parallelism=many: it must be a whole number.",
		"apply -parallelism=0":         "-parallelism=0: it must be 1 or more.",
		"apply -lock-timeout=soon":     "-lock-timeout=soon: it must be a span of time such as 30s, 10m or 1h.",
		"plan -format=yaml":            "-format must be text, json, markdown or html, and \"yaml\" is none of them.",
		"graph -format=mermiad":        "Did you mean \"mermaid\"?",
		"-log-level=loud plan":         "-log-level (or ETL_LOG) must be debug, info, warn or error, and \"loud\" is none of them.",
		"-chdir=nowhere plan":          "-chdir=nowhere: there is no such folder.",
		"aply":                         "There is no command \"aply\". Did you mean \"apply\"? Run `etl help` for the list.",
		"state shwo":                   "it has list, show, locks and unlock. Did you mean \"show\"?",
		"show":                         "Say what to show: a saved plan's file, or an address such as table.silver.orders.",
		"query":                        "Say one query, in quotes",
		"rollback table.silver.orders": "Say where to: -to=SNAPSHOT",
		"state show":                   "Say which table: an address such as table.silver.orders.",
		"state unlock":                 "Say which lease: `etl state locks` lists them.",
	} {
		args := strings.Fields(line)
		code, out, errs := etl(t, dir, args...)
		if slices.Contains(args, "-chidr=x") || slices.Contains(args, "-chdir=nowhere") {
			code, out, errs = etl(t, ".", args...)
		}
		if code != exitError || !strings.HasPrefix(errs, "Error: ") || !strings.Contains(errs, want) || out != "" {
			t.Errorf("etl %s ended with %d\n%s\n%s", line, code, out, errs)
		}
	}
}

func TestAlternatives(t *testing.T) {
	for want, words := range map[string][]string{"": nil, "a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := alternatives(words); got != want {
			t.Errorf("%q are %q", words, got)
		}
	}
}

func TestInstead(t *testing.T) {
	var many []string
	for _, c := range "abcdefghijkl" {
		many = append(many, "table.gold."+strings.Repeat(string(c), 9))
	}
	for _, c := range []struct {
		name           string
		addresses, all []string
		want           string
	}{
		{"x", nil, nil, " It has none yet"},
		{"table.gold.sale", []string{"table.gold.sales"}, []string{"gold.sales", "table.gold.sales"}, " Did you mean \"table.gold.sales\"? `etl state list` lists all"},
		{"gold.slaes", []string{"table.gold.sales"}, []string{"gold.sales", "table.gold.sales"}, " Did you mean \"gold.sales\"? `etl state list` lists all"},
		{"elsewhere", []string{"table.gold.sales"}, []string{"gold.sales", "table.gold.sales"}, " It has table.gold.sales"},
		{"elsewhere", many, many, " It has " + strings.Join(many[:9], ", ") + " and " + many[9] + " and 2 more; `etl state list` lists all"},
	} {
		if got := instead(c.name, c.addresses, c.all); got != c.want {
			t.Errorf("%s: %q instead of %q", c.name, got, c.want)
		}
	}
}
