//go:build !unix

package cli

import "os"

// mayWrite asks whether a folder is there; whether files can be made in it shows when one is.
func mayWrite(folder string) error {
	_, err := os.Stat(folder)
	return err
}
