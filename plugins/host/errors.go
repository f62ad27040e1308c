package host

import (
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is returned by calls on a host that was closed.
var ErrClosed = errors.New("the plugin host was closed")

// UnknownProviderError names a provider that nobody serves.
type UnknownProviderError struct{ Provider string }

func (e *UnknownProviderError) Error() string {
	return fmt.Sprintf("there is no provider %q", e.Provider)
}

// StartError says why a plugin could not be started.
type StartError struct {
	Provider string
	Reason   string
	Stderr   []string // its last lines
}

func (e *StartError) Error() string {
	return fmt.Sprintf("the provider %q could not be started: %s%s", e.Provider, e.Reason, lastWords(e.Stderr))
}

// DiedError says that a plugin's process ended, hung, or ended a stream before its end.
type DiedError struct {
	Provider string
	Address  string   // of the block that it worked for
	Stderr   []string // its last lines, without the stacks of a crash, which are in the log
	Exit     string   // `exit status 2`, `signal: killed`, or what it did instead
}

func (e *DiedError) Error() string {
	return fmt.Sprintf("the provider %q died while working for %s (%s)%s", e.Provider, e.Address, e.Exit, lastWords(e.Stderr))
}

// ProtocolError says that a plugin did what the protocol forbids: a batch that doesn't match its schema, say.
type ProtocolError struct {
	Provider string
	Address  string
	Reason   string
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("the provider %q broke the protocol while working for %s: %s", e.Provider, e.Address, e.Reason)
}

// UnsupportedError says that a plugin doesn't serve a call: it is older than the call, or its sources don't need it.
type UnsupportedError struct {
	Provider string
	Address  string
	Reason   string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("the provider %q can't do what was asked for %s: %s", e.Provider, e.Address, e.Reason)
}

func lastWords(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return "; its last words: " + strings.Join(lines, "; ")
}
