//go:build unix

package cli

import "golang.org/x/sys/unix"

// mayWrite asks whether files can be made in a folder.
func mayWrite(folder string) error { return unix.Access(folder, unix.W_OK|unix.X_OK) }
