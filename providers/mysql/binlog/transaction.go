package binlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/google/uuid"
)

func (f *Follower) begin(e *replication.GTIDEvent, h *replication.EventHeader) (bool, error) {
	if h.EventType == replication.ANONYMOUS_GTID_EVENT {
		return false, errors.New("the server logged a transaction without a GTID; set gtid_mode to ON and begin anew with `etl apply -resnapshot`")
	}
	sid, err := uuid.FromBytes(e.SID)
	if err != nil {
		return false, fmt.Errorf("reading a GTID: %w", err)
	}
	at := time.Unix(int64(h.Timestamp), 0)
	if e.OriginalCommitTimestamp > 0 {
		at = time.UnixMicro(int64(e.OriginalCommitTimestamp))
	}
	return f.next(transaction{sid: sid, gno: e.GNO}, true, at, int64(e.OriginalCommitTimestamp))
}

// next begins a transaction. Single is one of a single statement: MariaDB says it at once, and MySQL by no BEGIN.
func (f *Follower) next(t transaction, single bool, at time.Time, first int64) (done bool, err error) {
	if f.current != nil {
		done = true
		if err := f.cutOff(); err != nil {
			return done, err
		}
	}
	mark := &Mark{GTID: t.String(), At: first, File: f.name}
	if before, ok := f.Seen.domains[t.maria.DomainID]; ok {
		mark.Before = before.String()
	}
	if f.passed, err = f.recognize(mark, t); f.passed || err != nil {
		return done, err
	}
	if f.First == "" {
		f.First = f.name
	}
	f.current, f.mark, f.committed = &t, mark, at
	f.touched, f.single, f.held = false, single, held{}
	return done, nil
}

// cutOff ends a transaction after which another begins though it did not say its end. A server that dies while it writes
// one leaves it at the end of a file; it was not committed, and its name may be given out again.
func (f *Follower) cutOff() error {
	switch {
	case !f.held.any():
		return f.commit()
	case f.mark.File == f.name:
		return fmt.Errorf("the transaction %s has no end in the log, which can't be followed. Begin anew with `etl apply -resnapshot`", f.mark.GTID)
	}
	if err := f.undo(0); err != nil {
		return err
	}
	f.current = nil
	return nil
}

// commit ends a transaction: what it did holds.
func (f *Follower) commit() error {
	if f.current == nil {
		return nil
	}
	if err := f.tell(); err != nil {
		return err
	}
	f.Seen.add(*f.current)
	f.Last, f.current = f.mark, nil
	return f.handler.Committed()
}

// rollback ends a transaction that MariaDB logs since it did something that can't be taken back. What it did to the table was.
func (f *Follower) rollback() error {
	if err := f.undo(0); err != nil {
		return err
	}
	return f.commit()
}

// prepared is the end of the first of two phases: the transaction may still be rolled back.
func (f *Follower) prepared() error {
	if f.touched {
		return fmt.Errorf("%s.%s was changed by a distributed transaction (XA), which can't be followed: the log doesn't say at its changes whether they "+
			"are ever committed. Begin anew with `etl apply -resnapshot`", f.Database, f.Table)
	}
	return f.commit()
}
