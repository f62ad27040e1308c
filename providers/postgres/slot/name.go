// Package slot looks after what following a table keeps at the server: a replication slot, and the publication that says
// which table it is.
package slot

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxName is how long a name may be.
const maxName = 63

// Name is the name of the slot and of the publication of a source block: etl_shop_orders. A name that had to be bent to
// what the server allows ends with a hash, so that no two blocks share it.
func Name(project, address string) string {
	own := strings.TrimPrefix(address, "source.postgres.")
	plain := "etl_" + bent(project) + "_" + bent(own)
	if plain == "etl_"+project+"_"+own && len(plain) <= maxName && !strings.Contains(project, "_") {
		return plain
	}
	sum := sha256.Sum256([]byte(project + "\x00" + address))
	hash := "_" + hex.EncodeToString(sum[:4])
	return plain[:min(len(plain), maxName-len(hash))] + hash
}

// bent spells a name in the characters that slots may have.
func bent(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, name)
}
