package numbers

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// cursor is how far a read got: in a partition, how many rows were sent; in a log, the last transaction, or of the
// snapshot that shows it how many rows.
type cursor struct {
	Version  int   `json:"v"`
	Next     int64 `json:"next,omitempty"`
	Tx       int64 `json:"tx,omitempty"`
	Snapshot bool  `json:"snapshot,omitempty"`
}

func parse(cursors map[string][]byte, name string) (c cursor, there bool, err error) {
	text, there := cursors[name]
	if !there {
		return c, false, nil
	}
	if err := json.Unmarshal(text, &c); err != nil {
		return c, true, err
	}
	if c.Version > 1 {
		return c, true, fmt.Errorf("its format has version %d, written by a newer version of this provider", c.Version)
	}
	return c, true, nil
}

// sent is how many rows of a partition were sent.
func sent(cursors map[string][]byte, partition string) (int64, error) {
	c, _, err := parse(cursors, partition)
	return c.Next, err
}

// followed is how far the log was read, if it was.
func followed(cursors map[string][]byte) (cursor, bool, error) { return parse(cursors, "") }

// until is the bound of a read, or the fallback where it has none.
func until(text []byte, fallback int) int {
	if bound, err := strconv.Atoi(string(text)); err == nil {
		return bound
	}
	return fallback
}
