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

// Name is the name of the slot and of the publication of a source block in a lakehouse: etl_shop_orders_3fa9c1d2, with a hash
// of the lakehouse's id and the project, so that no two lakehouses share it. A name that had to be bent to what the server
// allows has another hash before it, so that no two blocks share it either. Without a lakehouse it is for everybody.
func Name(project, address, lakehouse string) string {
	own := strings.TrimPrefix(address, "source.postgres.")
	plain, end := "etl_"+bent(project)+"_"+bent(own), ""
	if lakehouse != "" {
		end = hash(lakehouse, project)
	}
	if plain != "etl_"+project+"_"+own || len(plain)+len(end) > maxName || strings.Contains(project, "_") {
		end = hash(project, address) + end
	}
	return plain[:min(len(plain), maxName-len(end))] + end
}

func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return "_" + hex.EncodeToString(sum[:4])
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
