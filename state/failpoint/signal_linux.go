package failpoint

import (
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// signalSelf sends the signal to its own thread: sent to the process, any thread may take it, and this one would run on
// for a moment, into what the point stands in front of.
func signalSelf(stop bool) {
	signal := syscall.SIGKILL
	if stop {
		signal = syscall.SIGSTOP
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Tgkill(os.Getpid(), unix.Gettid(), signal); err != nil {
		os.Exit(137)
	}
	if !stop {
		select {} // the signal is on its way: do nothing more
	}
}
