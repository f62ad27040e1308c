package textvalue

import "encoding/hex"

// Boolean reads true and false in any case, and the short forms that databases write: t, f, 1, 0.
func Boolean(b []byte) (value, ok bool) {
	switch {
	case foldEqual(b, "true"), foldEqual(b, "t"), len(b) == 1 && b[0] == '1':
		return true, true
	case foldEqual(b, "false"), foldEqual(b, "f"), len(b) == 1 && b[0] == '0':
		return false, true
	}
	return false, false
}

// UUID reads 32 hex digits, with or without the four dashes.
func UUID(b []byte) (id [16]byte, ok bool) {
	if len(b) == 36 {
		if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
			return id, false
		}
		var bare [32]byte
		copy(bare[:8], b[:8])
		copy(bare[8:12], b[9:13])
		copy(bare[12:16], b[14:18])
		copy(bare[16:20], b[19:23])
		copy(bare[20:], b[24:])
		b = bare[:]
	}
	if len(b) != 32 {
		return id, false
	}
	_, err := hex.Decode(id[:], b)
	return id, err == nil
}

// Binary reads hex digits, with or without the prefix 0x or \x.
func Binary(b []byte) ([]byte, bool) {
	if len(b) >= 2 && (b[0] == '0' || b[0] == '\\') && b[1]|0x20 == 'x' {
		b = b[2:]
	}
	out := make([]byte, hex.DecodedLen(len(b)))
	_, err := hex.Decode(out, b)
	return out, err == nil
}
