package test

import (
	"os"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	summaryLine = regexp.MustCompile(`^(?:Error|Warning): (.*)$`)
	placeLine   = regexp.MustCompile(`^  on (\S+) line (\d+)`)
	caretsLine  = regexp.MustCompile(`^ +\^+$`)
	samePlace   = regexp.MustCompile(`on (\S+) line (\d+)`)
)

// mistakes writes what the last etl said was wrong into a file, in its order: place, summary, and the characters that it
// marked.
func mistakes(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: mistakes FILE")
	}
	var b strings.Builder
	for _, block := range split(ts.ReadFile("stderr")) {
		b.WriteString(block)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// split gives a line, or more where the same is said of several places, for each diagnostic.
func split(output string) []string {
	var found []string
	summary, place, marked, before := "", "", "", ""
	end := func(rest string) {
		if summary == "" {
			return
		}
		line := strings.TrimSpace(place+" "+summary+" "+marked) + "\n"
		if _, same, ok := strings.Cut(strings.Join(strings.Fields(rest), " "), "The same on"); ok {
			for _, m := range samePlace.FindAllStringSubmatch("on"+same, -1) {
				line += m[1] + ":" + m[2] + " " + summary + "\n"
			}
		}
		found = append(found, line)
	}
	rest := ""
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\n")
		switch m := summaryLine.FindStringSubmatch(line); {
		case m != nil:
			end(rest)
			summary, place, marked, rest = m[1], "-", "", ""
		case place == "-" && placeLine.MatchString(line):
			m := placeLine.FindStringSubmatch(line)
			place = m[1] + ":" + m[2]
		case marked == "" && caretsLine.MatchString(line):
			from, to := strings.Index(line, "^"), len(line)
			if code := []rune(before); to <= len(code) {
				marked = "`" + string(code[from:to]) + "`"
			}
		default:
			rest += line + "\n"
		}
		before = line
	}
	end(rest)
	return found
}
