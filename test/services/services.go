// Package services runs servers for tests, by the scripts next to it.
package services

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// Server is a server of a test's own: the test may stop it, kill it, and change its configuration.
type Server struct {
	Env  map[string]string // what the script says of it: ETL_TEST_POSTGRES_DSN …
	Dir  string            // its data and log
	Port int
	name string
}

// Start starts the server of a script (postgres for postgres.sh) on a free port with an empty folder of its own. It ends
// with this process, if not before.
func Start(name string) (*Server, error) {
	dir, err := os.MkdirTemp("", "etl-"+name+"-")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil { // servers don't run as root
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, Port: port, name: name}
	if err := s.Resume(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Resume starts the server again after a Stop, with the data that it had.
func (s *Server) Resume() error {
	out, err := s.run("start")
	if err != nil {
		return err
	}
	s.Env = map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			s.Env[name] = value
		}
	}
	return nil
}

// Stop ends the server as an administrator would. Its data stay.
func (s *Server) Stop() error {
	_, err := s.run("stop")
	return err
}

// Close ends the server and removes its data.
func (s *Server) Close() error { return errors.Join(s.Stop(), os.RemoveAll(s.Dir)) }

func (s *Server) run(command string) ([]byte, error) {
	_, here, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(here), s.name+".sh")
	cmd := exec.Command(script, command)
	cmd.Env = append(os.Environ(), "ETL_SERVICES_DIR="+s.Dir,
		"ETL_SERVICES_PORT="+strconv.Itoa(s.Port), "ETL_SERVICES_OWNER="+strconv.Itoa(os.Getpid()))
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s.sh %s: %w\n%s", s.name, command, err, problems.String())
	}
	return out, nil
}

// freePort is below those that systems give to outgoing connections: one of these could take the port of a server that
// restarts.
func freePort() (int, error) {
	for {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", 18000+rand.IntN(12000)))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return 0, err
		}
		return listener.Addr().(*net.TCPAddr).Port, listener.Close()
	}
}
