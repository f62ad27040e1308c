// Package pgoutput reads the messages in which PostgreSQL's plugin of the same name tells changes, in version 1 of their
// protocol.
package pgoutput

import "fmt"

// LSN is a place in the server's log of changes.
type LSN uint64

// ParseLSN reads the server's spelling: 16/B374D848.
func ParseLSN(text string) (LSN, error) {
	var high, low uint32
	if n, err := fmt.Sscanf(text, "%X/%X", &high, &low); err != nil || n != 2 {
		return 0, fmt.Errorf("%q is no place in the server's log", text)
	}
	return LSN(high)<<32 | LSN(low), nil
}

// String is the server's spelling.
func (l LSN) String() string { return fmt.Sprintf("%X/%X", uint32(l>>32), uint32(l)) }

// MarshalText writes all digits, so that cursors sort as the log does.
func (l LSN) MarshalText() ([]byte, error) {
	return fmt.Appendf(nil, "%08X/%08X", uint32(l>>32), uint32(l)), nil
}

// UnmarshalText is ParseLSN.
func (l *LSN) UnmarshalText(text []byte) (err error) {
	*l, err = ParseLSN(string(text))
	return err
}
