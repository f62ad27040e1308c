//go:build unix && !linux

package failpoint

import (
	"os"
	"syscall"
)

func signalSelf(stop bool) {
	signal := syscall.SIGKILL
	if stop {
		signal = syscall.SIGSTOP
	}
	if err := syscall.Kill(os.Getpid(), signal); err != nil {
		os.Exit(137)
	}
	if !stop {
		select {} // the signal is on its way: do nothing more
	}
}
