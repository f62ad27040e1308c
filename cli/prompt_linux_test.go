package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal: what is written to the person's end is read at the program's.
func terminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	return person, program
}

func TestOnlyYesApproves(t *testing.T) {
	for answer, want := range map[string]bool{
		"yes\n": true, "  yes \n": true, "y\n": false, "YES\n": false, "no\n": false, "\n": false, "yes please\n": false, "\x04": false, "ye\x04\x04": false,
	} {
		person, program := terminal(t)
		if _, err := person.WriteString(answer); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		w := &workspace{environment: &environment{stdin: program, stdout: &out, stderr: &errs}}
		if got := w.approved(t.Context(), "x"); got != want || !strings.Contains(out.String(), "Only \"yes\" is accepted") || strings.Contains(out.String(), "Not applied.") == want {
			t.Errorf("%q: %v\n%s\n%s", answer, got, out.String(), errs.String())
		}
	}
}

func TestInterruptedPrompt(t *testing.T) {
	_, program := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	w := &workspace{environment: &environment{stdin: program, stdout: &out, stderr: &errs}}
	if w.approved(ctx, "x") {
		t.Error("Ctrl-C was taken for a yes")
	}
}

// TestNobodyToAsk: what is no terminal can't approve, even if it says yes.
func TestNobodyToAsk(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if _, err := write.WriteString("yes\n"); err != nil {
		t.Fatal(err)
	}
	write.Close()
	for _, stdin := range []interface{ Read([]byte) (int, error) }{read, strings.NewReader("yes\n")} {
		var out, errs bytes.Buffer
		w := &workspace{environment: &environment{stdin: stdin, stdout: &out, stderr: &errs}}
		if w.approved(t.Context(), "Use -auto-approve.") || errs.String() != "Not applied: there is nobody to ask. Use -auto-approve.\n" || out.Len() > 0 {
			t.Errorf("%T: %q %q", stdin, out.String(), errs.String())
		}
	}
}
