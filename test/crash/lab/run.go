package lab

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a run may take before the test gives up on it.
const patience = 3 * time.Minute

// Result is how a run ended.
type Result struct {
	Code   int            // exit code; -1 if a signal ended it
	Signal syscall.Signal // 0 if none did
	Stdout string
	Stderr string
}

// Output is all that the run printed.
func (r Result) Output() string { return r.Stdout + r.Stderr }

// Says reports whether the output has all of these words, however its lines are broken.
func (r Result) Says(words ...string) bool {
	text := strings.Join(strings.Fields(r.Output()), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// Run is a run of etl that is under way, in a process group of its own.
type Run struct {
	cmd            *exec.Cmd
	stdout, stderr buffer
	done           chan struct{}
	result         Result
	err            error
}

// buffer is written by a run and read by a test meanwhile.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// Start starts etl in the project's folder with additions to its environment.
func (l *Lab) Start(t testing.TB, env []string, args ...string) *Run {
	t.Helper()
	return l.StartCommand(t, env, append([]string{l.binary}, args...)...)
}

// StartCommand starts a command in the project's folder; {etl} in it is the binary.
func (l *Lab) StartCommand(t testing.TB, env []string, command ...string) *Run {
	t.Helper()
	for i := range command {
		command[i] = strings.ReplaceAll(command[i], "{etl}", l.binary)
	}
	r := &Run{cmd: exec.Command(command[0], command[1:]...), done: make(chan struct{})}
	r.cmd.Dir, r.cmd.Env = l.Dir, l.environ(env)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.WaitDelay = time.Second // an orphan that holds the output is found by its process, not by waiting for it
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go r.wait()
	return r
}

func (r *Run) wait() {
	defer close(r.done)
	err := r.cmd.Wait()
	r.result = Result{Code: r.cmd.ProcessState.ExitCode(), Stdout: r.stdout.String(), Stderr: r.stderr.String()}
	if status, ok := r.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.result.Signal = status.Signal()
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		r.err = err
	}
}

// Wait waits for the end.
func (r *Run) Wait(t testing.TB) Result {
	t.Helper()
	select {
	case <-r.done:
	case <-time.After(patience):
		_ = r.cmd.Process.Signal(syscall.SIGQUIT) // its goroutines tell what it waited for
		select {
		case <-r.done:
		case <-time.After(10 * time.Second):
			_ = r.cmd.Process.Kill()
		}
		t.Fatalf("%v did not end within %s:\n%s", r.cmd.Args, patience, r.stderr.String())
	}
	if r.err != nil {
		t.Fatalf("%v: %v", r.cmd.Args, r.err)
	}
	return r.result
}

// Ended reports whether the run is over.
func (r *Run) Ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// PID is the run's process.
func (r *Run) PID() int { return r.cmd.Process.Pid }

// Stderr is what the run printed there so far.
func (r *Run) Stderr() string { return r.stderr.String() }

// Signal sends the run, and nothing that it started, a signal.
func (r *Run) Signal(t testing.TB, s os.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
}

// Run runs etl to its end.
func (l *Lab) Run(t testing.TB, args ...string) Result {
	t.Helper()
	return l.Start(t, nil, args...).Wait(t)
}

// RunWith runs etl with additions to its environment.
func (l *Lab) RunWith(t testing.TB, env []string, args ...string) Result {
	t.Helper()
	return l.Start(t, env, args...).Wait(t)
}

// Must runs etl, which has to end with this code.
func (l *Lab) Must(t testing.TB, code int, args ...string) Result {
	t.Helper()
	r := l.Run(t, args...)
	r.Check(t, code, args...)
	return r
}

// Check fails the test unless the run ended with this code, and showed no insides of a program.
func (r Result) Check(t testing.TB, code int, args ...string) {
	t.Helper()
	if r.Code != code || r.Signal != 0 {
		t.Fatalf("etl %s ended with %d (signal %v) instead of %d:\n%s", strings.Join(args, " "), r.Code, r.Signal, code, r.Output())
	}
	for _, trace := range []string{"goroutine ", "panic:", "runtime error", "This is a bug in etl"} {
		if strings.Contains(r.Output(), trace) {
			t.Fatalf("etl %s printed %q:\n%s", strings.Join(args, " "), trace, r.Output())
		}
	}
}
