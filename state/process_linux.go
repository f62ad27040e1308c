package state

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// vantage is the boot and process namespace in which a pid means something.
func vantage() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	namespace, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(boot)) + " " + namespace
}

func processStart(pid int) string {
	started, running := startedAt(pid)
	if !running || vantage() == "" {
		return ""
	}
	return vantage() + " " + started
}

// startedAt reads when a process started, in clock ticks since boot; a process that only waits to be reaped doesn't run.
func startedAt(pid int) (started string, running bool) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", !errors.Is(err, fs.ErrNotExist)
	}
	// The command's name, in brackets, may hold anything; state is field 3, start time field 22.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return "", true
	}
	return fields[19], fields[0] != "Z" && fields[0] != "X"
}

// gone reports whether the process surely doesn't run any more: it was seen from here, and isn't there now.
func (p process) gone() bool {
	seenFrom, started, found := cutLast(p.Start)
	if !found || seenFrom == "" || seenFrom != vantage() {
		return false
	}
	now, running := startedAt(p.PID)
	return !running || (now != "" && now != started)
}

func cutLast(s string) (before, after string, found bool) {
	i := strings.LastIndexByte(s, ' ')
	if i < 0 {
		return "", "", false
	}
	return s[:i], s[i+1:], true
}
