package filesource

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Problem is an error of the user's input: fixed words for the summary, full sentences for the detail.
func Problem(summary, detail string, path ...string) sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Error(summary, detail, path...)}
}

// Warning is a problem that stops nothing.
func Warning(summary, detail string, path ...string) sdk.Diagnostics {
	return sdk.Diagnostics{sdk.Warning(summary, detail, path...)}
}

// diagnose turns an error of reading a file into diagnostics that name it.
func diagnose(err error, file string) sdk.Diagnostics {
	var diags sdk.Diagnostics
	switch {
	case errors.As(err, &diags):
		return diags
	case errors.Is(err, fs.ErrNotExist):
		return Problem("File not found", fmt.Sprintf("There is no file %s. It may have been moved or deleted a moment "+
			"ago; plan again, or correct the path.", file), "path")
	case errors.Is(err, fs.ErrPermission):
		return Problem("Unreadable file", fmt.Sprintf("The file %s may not be read by this user. Give it read "+
			"permission (chmod +r), or run etl as a user who may read it.", file), "path")
	}
	return Problem("Unreadable file", fmt.Sprintf("Reading %s failed: %s.", file, err), "path")
}
