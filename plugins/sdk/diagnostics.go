package sdk

import (
	"errors"
	"fmt"
	"strings"
)

// Severities of diagnostics.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
)

// Error makes an error about the attribute at path, or about the whole block.
func Error(summary, detail string, path ...string) Diagnostic {
	return Diagnostic{Severity: SeverityError, Summary: summary, Detail: detail, Path: path}
}

// Warning makes a warning about the attribute at path, or about the whole block.
func Warning(summary, detail string, path ...string) Diagnostic {
	return Diagnostic{Severity: SeverityWarning, Summary: summary, Detail: detail, Path: path}
}

// Errorf makes diagnostics of one error about the whole block: `return nil, sdk.Errorf(…)`.
func Errorf(summary, detail string, args ...any) Diagnostics {
	return Diagnostics{Error(summary, fmt.Sprintf(detail, args...))}
}

// At points the diagnostic at an attribute.
func (d Diagnostic) At(path ...string) Diagnostic {
	d.Path = path
	return d
}

// HasErrors reports whether one of them is an error.
func (ds Diagnostics) HasErrors() bool {
	for _, d := range ds {
		if d.Severity != SeverityWarning {
			return true
		}
	}
	return false
}

// Error makes Diagnostics an error. Check HasErrors first: warnings alone are no failure.
func (ds Diagnostics) Error() string {
	lines := make([]string, len(ds))
	for i, d := range ds {
		lines[i] = d.String()
	}
	return strings.Join(lines, "\n")
}

// String is the message on one line.
func (d Diagnostic) String() string {
	text := d.Summary
	if len(d.Path) > 0 {
		text = strings.Join(d.Path, ".") + ": " + text
	}
	if d.Detail != "" {
		text += ": " + d.Detail
	}
	return text
}

// diagnosticsOf keeps a provider's own diagnostics and words any other error.
func diagnosticsOf(err error, doing string) Diagnostics {
	if err == nil {
		return nil
	}
	var ds Diagnostics
	if errors.As(err, &ds) {
		return ds
	}
	return Diagnostics{Error("The provider failed", fmt.Sprintf("It failed while %s: %s.", doing, err))}
}
