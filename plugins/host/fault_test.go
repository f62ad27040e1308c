package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// read reads n's column alone in batches of ten.
func read(ctx context.Context, t *testing.T, c *host.Client, settings block, s *sink) error {
	t.Helper()
	columns := plan(t, c, config(c, rows(1).narrow())).Columns
	return c.Read(ctx, config(c, settings.narrow()), sdk.ReadRequest{Columns: columns, BatchSize: 10}, s)
}

func TestDeathInTheMiddleOfARead(t *testing.T) {
	h, logged := open(t, host.Options{})
	c := client(t, h, "numbers")
	for fault, want := range map[string][2]string{
		"crash": {"exit status 2", "panic: the read crashed"},
		"exit":  {"exit status 3", "these are last words"},
	} {
		var s sink
		err := read(t.Context(), t, c, rows(1000).fault(fault, 500), &s)
		var died *host.DiedError
		if !errors.As(err, &died) || died.Exit != want[0] || died.Address != "source.numbers.test" {
			t.Fatalf("%s gave %v", fault, err)
		}
		if last := strings.Join(died.Stderr, "\n"); !strings.Contains(last, want[1]) || strings.Contains(last, "goroutine") {
			t.Errorf("%s: its last words are %q", fault, died.Stderr)
		}
		if strings.Contains(err.Error(), "EOF") {
			t.Errorf("%s: %v speaks of EOF", fault, err)
		}
	}
	if !strings.Contains(logged.String(), "goroutine ") {
		t.Error("the stack is not in the log")
	}
	var s sink
	if err := read(t.Context(), t, c, rows(30), &s); err != nil || len(s.numbers) != 30 {
		t.Errorf("the read after a death gave %d rows, %v", len(s.numbers), err)
	}
}

func TestDeathInPlan(t *testing.T) {
	h, logged := open(t, host.Options{})
	c := client(t, h, "numbers")
	_, _, err := c.Plan(t.Context(), config(c, rows(1).fault("plan-crash", 0)), sdk.PlanRequest{})
	var died *host.DiedError
	if !errors.As(err, &died) || died.Exit != "exit status 2" || died.Stderr[0] != "panic: the plan crashed" {
		t.Errorf("got %v", err)
	}
	_, ds, err := c.Plan(t.Context(), config(c, rows(1).fault("plan-panic", 0)), sdk.PlanRequest{})
	if err != nil || !strings.Contains(ds.Error(), "It panicked while planning a read: the plan panicked.") {
		t.Errorf("got %v, %v", ds, err)
	}
	// The stack is in the log, under the block's address. The log has its own way from the plugin to here.
	eventually(t, func() bool {
		return strings.Contains(logged.String(), "misplan") && strings.Contains(logged.String(), "address=source.numbers.test")
	})
}

func TestCancelledPlanEnds(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	plan(t, c, config(c, rows(1)))
	before := processes()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, _, err := c.Plan(ctx, config(c, rows(1).fault("plan-wait", 0)), sdk.PlanRequest{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if after := processes(); len(after) != 1 || after[0] != before[0] {
		t.Errorf("a provider that stops when asked was ended: %v, then %v", before, after)
	}
}

// A provider that ignores cancellation, in a method that waits for a child process, loses both.
func TestHangingReadIsEnded(t *testing.T) {
	h, logged := open(t, host.Options{})
	c := client(t, h, "numbers")
	ctx, cancel := context.WithCancel(t.Context())
	var group []int
	s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error {
		time.AfterFunc(300*time.Millisecond, func() {
			group = processes()
			cancel()
		})
		return nil
	}}
	err := read(ctx, t, c, rows(1000).fault("hang", 10), &s)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(group) != 2 {
		t.Errorf("provider and child should have been running, not %v", group)
	}
	gone(t, group, time.Second)
	diagnosed(t, logged, "misread")
}

// So does one that ignores it in another method, be it alone in its own code.
func TestHangingPlanIsEnded(t *testing.T) {
	h, logged := open(t, host.Options{})
	c := client(t, h, "numbers")
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	group := processes()
	_, _, err := c.Plan(ctx, config(c, rows(1).fault("plan-hang", 0)), sdk.PlanRequest{})
	if !errors.Is(err, context.DeadlineExceeded) || len(group) != 1 {
		t.Errorf("got %v, of %v", err, group)
	}
	gone(t, group, time.Second)
	diagnosed(t, logged, "misplan")
	if plan(t, c, config(c, rows(3))).Rows != 3 {
		t.Error("after that no plan is made any more")
	}
}

// diagnosed: the log names the block, and the place in the provider's code.
func diagnosed(t *testing.T, logged *log, place string) {
	t.Helper()
	eventually(t, func() bool {
		text := logged.String()
		return strings.Contains(text, "did not stop when it was cancelled") && strings.Contains(text, "address=source.numbers.test") &&
			strings.Contains(text, "SIGQUIT") && strings.Contains(text, "numbers.") && strings.Contains(text, place)
	})
}

func TestStallIsADeath(t *testing.T) {
	h, _ := open(t, host.Options{Stall: 200 * time.Millisecond})
	c := client(t, h, "numbers")
	var s sink
	err := read(t.Context(), t, c, rows(100).fault("wait", 50), &s)
	var died *host.DiedError
	if !errors.As(err, &died) || died.Exit != "it sent nothing for 200ms and was stopped" {
		t.Errorf("got %v", err)
	}
	if s := (sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error {
		time.Sleep(250 * time.Millisecond)
		return nil
	}}); read(t.Context(), t, c, rows(30), &s) != nil {
		t.Error("a slow sink counted as a stalled provider")
	}
}

// A process that the kernel stopped answers nothing, and is found out by its heartbeat even without a deadline.
func TestStoppedProcessIsFoundOut(t *testing.T) {
	h, _ := open(t, host.Options{Heartbeat: 100 * time.Millisecond})
	c := client(t, h, "numbers")
	time.AfterFunc(200*time.Millisecond, func() { _ = syscall.Kill(processes()[0], syscall.SIGSTOP) })
	_, _, err := c.Plan(t.Context(), config(c, rows(1).fault("plan-wait", 0)), sdk.PlanRequest{})
	var died *host.DiedError
	if !errors.As(err, &died) || died.Exit != "it stopped answering and was ended" {
		t.Errorf("got %v", err)
	}
}

func TestPrintingWhileReading(t *testing.T) {
	h, logged := open(t, host.Options{})
	c := client(t, h, "numbers")
	var s sink
	if err := read(t.Context(), t, c, rows(100).fault("print", 50), &s); err != nil || len(s.numbers) != 100 {
		t.Fatalf("got %d rows, %v", len(s.numbers), err)
	}
	eventually(t, func() bool {
		return strings.Contains(logged.String(), "belongs to the protocol") && strings.Contains(logged.String(), "hello from the provider")
	})
}

func TestStartErrors(t *testing.T) {
	junk := filepath.Join(t.TempDir(), "junk")
	if err := os.WriteFile(junk, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	h, _ := open(t, host.Options{Binaries: map[string]string{"missing": "/no/such/binary", "junk": junk, "echo": "/bin/echo"}})
	for provider, want := range map[string]string{
		"printing": `it wrote "debugging output that was left in" to its standard output`,
		"exiting":  "it ended before it was ready (exit status 4); its last words: no licence was found",
		"impostor": `it serves the provider "numbers" instead`,
		"unbuilt":  "no provider of this name is built in",
		"missing":  "no such file",
		"junk":     "exec format error",
		"echo":     `it wrote "" to its standard output`,
		"nobody":   `there is no provider "nobody"`,
	} {
		_, err := h.Source(t.Context(), provider)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), provider) {
			t.Errorf("%s gave %v", provider, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := h.Source(ctx, "sleeping"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a plugin that never gets ready gave %v", err)
	}
	gone(t, processes(), time.Second)
}

func TestSecretsStayOutOfTheEnvironment(t *testing.T) {
	t.Setenv("SHOP_DSN", "postgres://user:hunter2@db")
	t.Setenv("ETL_VAR_password", "hunter2")
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	_, ds, err := c.Plan(t.Context(), config(c, rows(1).fault("plan-env", 0)), sdk.PlanRequest{})
	if err != nil || !strings.Contains(ds.Error(), "ETL_PLUGIN=numbers") || strings.Contains(ds.Error(), "hunter2") {
		t.Errorf("got %v, %v", ds, err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	base := t.TempDir()
	if len(base) > 40 { // else the host uses another folder
		base, _ = os.MkdirTemp("/tmp", "x")
		defer os.RemoveAll(base)
	}
	t.Setenv("TMPDIR", base)
	h, _ := open(t, host.Options{})
	c := client(t, h, "numbers")
	group := processes()
	reading := make(chan error, 1)
	go func() { reading <- read(t.Context(), t, c, rows(1000).fault("wait", 10), &sink{}) }()
	time.Sleep(100 * time.Millisecond)
	if err := h.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-reading; err == nil {
		t.Error("a read outlived the host")
	}
	gone(t, group, 0)
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("%s is left", left)
	}
	if _, err := h.Source(t.Context(), "numbers"); !errors.Is(err, host.ErrClosed) {
		t.Errorf("a closed host gave %v", err)
	}
}

// processes are those that this test process started, their children included.
func processes() []int { return descendants(os.Getpid()) }

func descendants(parent int) []int {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(stats) == 0 {
		panic("these tests need /proc")
	}
	var found []int
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it ended meanwhile
		}
		fields := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
		if ppid, _ := strconv.Atoi(fields[1]); ppid == parent && fields[0] != "Z" {
			pid, _ := strconv.Atoi(strings.Split(stat, "/")[2])
			found = append(append(found, pid), descendants(pid)...)
		}
	}
	return found
}

func gone(t *testing.T, pids []int, within time.Duration) {
	t.Helper()
	deadline := time.Now().Add(within)
	for _, pid := range pids {
		for running(pid) {
			if time.Now().After(deadline) {
				t.Errorf("process %d is still there", pid)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

func running(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(text), ") Z ") && syscall.Kill(pid, 0) == nil
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("it never came true")
}
