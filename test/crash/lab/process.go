package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Process is one that runs the lab's binary.
type Process struct {
	PID     int
	Command string
}

// Processes are all processes of the lab's binary, hosts and providers.
func (l *Lab) Processes() []Process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var found []Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		exe, err := os.Readlink(filepath.Join("/proc", e.Name(), "exe"))
		if err != nil || strings.TrimSuffix(exe, " (deleted)") != l.binary {
			continue
		}
		command, err := os.ReadFile(filepath.Join("/proc", e.Name(), "cmdline"))
		if err != nil {
			continue
		}
		found = append(found, Process{PID: pid, Command: strings.ReplaceAll(string(command), "\x00", " ")})
	}
	return found
}

// NoOrphans fails the test if a process of the lab's binary still runs after five seconds.
func (l *Lab) NoOrphans(t testing.TB) {
	t.Helper()
	var left []Process
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if left = l.Processes(); len(left) == 0 {
			return
		}
	}
	var b strings.Builder
	for _, p := range left {
		stack, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
		fmt.Fprintf(&b, "%d %s\n%s%v\n", p.PID, p.Command, stack, err)
		if process, err := os.FindProcess(p.PID); err == nil {
			_ = process.Kill()
		}
	}
	t.Errorf("%d processes outlived their run by 5 s:\n%s", len(left), b.String())
}

// Eventually waits until something holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(10 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("it never came to pass: %s", what)
}

// Stopped reports whether a process is stopped by a signal.
func Stopped(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "T")
}
