// Package binlog follows a server's binary log: it opens the stream at a set of transactions, says what each of its
// events means for one table, and decodes its row images.
package binlog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"
)

// GTIDs are transactions: of MySQL a set of numbers by server, of MariaDB the last one of each domain, which stands for
// all before it.
type GTIDs struct {
	mysql   *gomysql.MysqlGTIDSet
	domains map[uint32]gomysql.MariadbGTID // set of MariaDB
}

// ParseGTIDs reads what the server writes.
func ParseGTIDs(maria bool, text string) (*GTIDs, error) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\n' || r == '\r' || r == '\t' {
			return -1
		}
		return r
	}, text)
	if maria {
		return parseDomains(text)
	}
	set, err := gomysql.ParseMysqlGTIDSet(text)
	if err != nil {
		return nil, fmt.Errorf("reading the transactions %q: %w", text, err)
	}
	own, ok := set.(*gomysql.MysqlGTIDSet)
	if !ok {
		return nil, fmt.Errorf("reading the transactions %q: they are a %T", text, set)
	}
	return &GTIDs{mysql: own}, nil
}

func parseDomains(text string) (*GTIDs, error) {
	g := &GTIDs{domains: map[uint32]gomysql.MariadbGTID{}}
	for part := range strings.SplitSeq(text, ",") {
		if part == "" {
			continue
		}
		gtid, err := gomysql.ParseMariadbGTID(part)
		if err != nil {
			return nil, fmt.Errorf("reading the transactions %q: %w", text, err)
		}
		g.domains[gtid.DomainID] = *gtid
	}
	return g, nil
}

// String is the text that the server reads.
func (g *GTIDs) String() string {
	if g.mysql != nil {
		return g.mysql.String()
	}
	parts := make([]string, 0, len(g.domains))
	for _, domain := range slices.Sorted(maps.Keys(g.domains)) {
		gtid := g.domains[domain]
		parts = append(parts, gtid.String())
	}
	return strings.Join(parts, ",")
}

// Contains reports whether all the others are among these.
func (g *GTIDs) Contains(others *GTIDs) bool {
	if g.mysql != nil {
		return g.mysql.Contain(others.mysql)
	}
	for domain, other := range others.domains {
		if own, ok := g.domains[domain]; !ok || own.SequenceNumber < other.SequenceNumber {
			return false
		}
	}
	return true
}

// Clone is a copy that grows on its own.
func (g *GTIDs) Clone() *GTIDs {
	if g.mysql == nil {
		return &GTIDs{domains: maps.Clone(g.domains)}
	}
	clone := &gomysql.MysqlGTIDSet{Sets: map[string]*gomysql.UUIDSet{}}
	for sid, set := range g.mysql.Sets {
		clone.Sets[sid] = set.Clone()
	}
	return &GTIDs{mysql: clone}
}

// set is what go-mysql asks a server for.
func (g *GTIDs) set() gomysql.GTIDSet {
	if g.mysql != nil {
		return g.Clone().mysql
	}
	set := &gomysql.MariadbGTIDSet{Sets: map[uint32]map[uint32]*gomysql.MariadbGTID{}}
	for domain, gtid := range g.domains {
		set.Sets[domain] = map[uint32]*gomysql.MariadbGTID{gtid.ServerID: &gtid}
	}
	return set
}

// transaction is one of them.
type transaction struct {
	sid   uuid.UUID
	gno   int64
	maria gomysql.MariadbGTID
}

// domainGTID reads the name of a transaction of MariaDB from the event's bytes: what go-mysql has read of them it keeps for
// itself, and moves on to the names of later ones.
func domainGTID(e *replication.BinlogEvent) (gomysql.MariadbGTID, error) {
	if len(e.RawData) < replication.EventHeaderSize+12 {
		return gomysql.MariadbGTID{}, errors.New("an event that names a transaction ends too early")
	}
	in := &source{data: e.RawData[replication.EventHeaderSize:]}
	sequence, domain := in.little(8), in.little(4)
	return gomysql.MariadbGTID{DomainID: uint32(domain), ServerID: e.Header.ServerID, SequenceNumber: sequence}, nil
}

func (g *GTIDs) add(t transaction) {
	if g.mysql != nil {
		g.mysql.AddGTID(t.sid, t.gno)
		return
	}
	if own := g.domains[t.maria.DomainID]; own.SequenceNumber <= t.maria.SequenceNumber {
		g.domains[t.maria.DomainID] = t.maria
	}
}
