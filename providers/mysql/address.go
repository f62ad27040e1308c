package mysql

import (
	"encoding/binary"
	"net/netip"

	"github.com/google/uuid"

	"github.com/automic-etl/etl/providers/mysql/cell"
)

// spellings are of MariaDB's types that are text in a query's result and bytes in the log, which doesn't name them.
func spelling(declared string) func([]byte) (string, bool) {
	switch declared {
	case "uuid":
		return func(b []byte) (string, bool) {
			id, err := uuid.FromBytes(b)
			return id.String(), err == nil
		}
	case "inet6":
		return spellInet6
	case "inet4":
		return func(b []byte) (string, bool) {
			address, ok := netip.AddrFromSlice(b)
			return address.String(), ok && len(b) == 4
		}
	}
	return nil
}

// spellInet6 spells the last four bytes as the server does where all before them are zero.
func spellInet6(b []byte) (string, bool) {
	address, ok := netip.AddrFromSlice(b)
	if !ok || len(b) != 16 {
		return "", false
	}
	if binary.BigEndian.Uint64(b) == 0 && binary.BigEndian.Uint32(b[8:]) == 0 && (b[12] != 0 || b[13] != 0) {
		return "::" + netip.AddrFrom4([4]byte(b[12:])).String(), true
	}
	return address.String(), true
}

// respell makes text of such bytes.
func (l *layout) respell(cells []cell.Cell) {
	for place, spell := range l.spellings {
		c := &cells[place]
		if spell == nil || c.Kind != cell.Bytes && c.Kind != cell.Text {
			continue
		}
		if text, ok := spell(c.Bytes); ok {
			c.Kind, c.Bytes = cell.Text, []byte(text)
		}
	}
}
