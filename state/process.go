package state

import (
	"os"
	"os/user"
)

// process is who holds a lease.
type process struct {
	Host  string
	PID   int
	Start string // boot, process namespace and start: tells a reused pid, and another machine of the same name
	User  string
}

func thisProcess() process {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	name := os.Getenv("USER")
	if current, err := user.Current(); err == nil {
		name = current.Username
	}
	pid := os.Getpid()
	return process{Host: host, PID: pid, Start: processStart(pid), User: name}
}
