//go:build unix && !linux

package host

import (
	"os/exec"
	"syscall"
)

// spawner starts processes. Only Linux can tie a child's life to its parent's; elsewhere the SDK's own watch has to do.
type spawner struct{}

func newSpawner() *spawner { return &spawner{} }

// start gives the process a group of its own: Ctrl-C in the terminal reaches the host alone, and one signal ends the
// plugin with all that it started.
func (s *spawner) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd.Start()
}

func (s *spawner) close() {}

// awaitExit is known on Linux only: elsewhere what a plugin leaves behind is ended by the plugin's own watch.
func awaitExit(int) bool { return false }
