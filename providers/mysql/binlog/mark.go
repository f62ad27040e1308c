package binlog

import (
	"fmt"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/google/uuid"
)

// Mark is a transaction that was read. A server that begins its history anew gives names of transactions out again, and
// what has the name then was committed at another time.
type Mark struct {
	GTID string `json:"gtid"`
	// Before is MariaDB's transaction before it in its domain; empty of the first.
	Before string `json:"before,omitempty"`
	// At is when it was committed first, in microseconds since 1970, whichever server tells it; 0 where none does.
	At   int64  `json:"at"`
	File string `json:"file"` // of the log
}

// Rewritten says that a name is another transaction's than it was.
type Rewritten struct{ Recorded, Found string }

func (e *Rewritten) Error() string { return e.Recorded + " was read, and the log has " + e.Found }

func (m *Mark) String() string {
	if m.At == 0 {
		return "the transaction " + m.GTID
	}
	return fmt.Sprintf("the transaction %s of %s", m.GTID, time.UnixMicro(m.At).UTC().Format("2006-01-02 15:04:05.999999Z07:00"))
}

// elsewhere is how much later or earlier another server may say that it committed a transaction: members of a group write
// some for themselves, and appliers take the time of a change for that of its commit.
const elsewhere = 10 * time.Minute

// contradicts reports whether both can't be the same transaction. Exact is of what one server says of both.
func (m *Mark) contradicts(found *Mark, exact bool) bool {
	if m.GTID != found.GTID || m.At == 0 || found.At == 0 {
		return m.GTID != found.GTID
	}
	apart := time.UnixMicro(m.At).Sub(time.UnixMicro(found.At)).Abs()
	return apart > 0 && exact || apart > elsewhere
}

func (t transaction) String() string {
	if t.sid != uuid.Nil {
		return fmt.Sprintf("%s:%d", t.sid, t.gno)
	}
	return t.maria.String()
}

// Without is the set in which a transaction isn't any more, so that it is the next of its origin to come. It is false where
// that can't be: of MariaDB it isn't the last one that was read of its domain.
func (g *GTIDs) Without(m *Mark) (*GTIDs, bool) {
	rest := g.Clone()
	if g.mysql != nil {
		one, err := ParseGTIDs(false, m.GTID)
		if err != nil || !g.Contains(one) || rest.mysql.Minus(*one.mysql) != nil {
			return g, false
		}
		return rest, true
	}
	last, err := gomysql.ParseMariadbGTID(m.GTID)
	if err != nil || g.domains[last.DomainID] != *last {
		return g, false
	}
	if m.Before == "" {
		delete(rest.domains, last.DomainID)
		return rest, true
	}
	before, err := gomysql.ParseMariadbGTID(m.Before)
	if err != nil || before.DomainID != last.DomainID {
		return g, false
	}
	rest.domains[last.DomainID] = *before
	return rest, true
}

// Newest is the last transaction of a server in the set, as far as the set tells: of MySQL the one with the greatest number
// that has the server's name, of MariaDB the last one of its domain. Nil where there is none.
func (g *GTIDs) Newest(server string, domain uint32) *Mark {
	if g.mysql == nil {
		last, ok := g.domains[domain]
		if !ok {
			return nil
		}
		m := &Mark{GTID: last.String()}
		if last.SequenceNumber > 1 {
			last.SequenceNumber--
			m.Before = last.String()
		}
		return m
	}
	set, ok := g.mysql.Sets[server]
	if !ok || len(set.Intervals) == 0 {
		return nil
	}
	return &Mark{GTID: fmt.Sprintf("%s:%d", server, set.Intervals[len(set.Intervals)-1].Stop-1)}
}
