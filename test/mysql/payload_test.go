package mysql_test

import (
	little "encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/automic-etl/etl/providers/mysql/binlog"
)

// TestPackedTransaction follows a transaction as MySQL writes it with binlog_transaction_compression: its events inside
// one. The events are a real server's, packed here, since the servers of the tests are older than that.
func TestPackedTransaction(t *testing.T) {
	l := newLab(t, "mysql", env(t, "mysql")["ETL_TEST_MYSQL_DSN"])
	l.exec("CREATE TABLE orders (id int primary key, v varchar(20))")
	before, err := binlog.ParseGTIDs(false, l.text("SELECT @@GLOBAL.gtid_executed", 0))
	if err != nil {
		t.Fatal(err)
	}
	l.exec("INSERT INTO orders VALUES (1, 'one'), (2, 'two')")
	stream, err := binlog.Open(binlog.Server{Address: l.config.Addr, User: l.config.User, Password: l.config.Passwd}, before)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var found []string
	committed := 0
	utf8 := func(uint64) (binlog.Decoder, bool, error) { return nil, false, nil }
	follower := binlog.NewFollower(l.database, "orders", before, utf8, binlog.Handler{
		Change: func(c binlog.Change) error {
			found = append(found, fmt.Sprintf("%s at %d", c.After[1].AppendText(nil), c.Place.Row))
			return nil
		},
		Truncate:  func(binlog.Place, time.Time) error { return nil },
		Committed: func() error { committed++; return nil },
	})
	var packed []*replication.BinlogEvent
	for committed == 0 {
		event, err := stream.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		switch event.Event.(type) {
		case *replication.QueryEvent, *replication.TableMapEvent, *replication.RowsEvent, *replication.XIDEvent:
			packed = append(packed, unsummed(event))
			if _, last := event.Event.(*replication.XIDEvent); !last {
				continue
			}
			event = &replication.BinlogEvent{Header: event.Header, Event: &replication.TransactionPayloadEvent{Events: packed}}
		}
		if _, err := follower.Event(event); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(found, ", "); got != "one at 0, two at 2" || len(packed) < 4 {
		t.Errorf("%s of %d events", got, len(packed))
	}
}

// unsummed is an event as it lies in a packed transaction: without the checksum that it has in the log.
func unsummed(event *replication.BinlogEvent) *replication.BinlogEvent {
	raw := slices.Clone(event.RawData[:len(event.RawData)-replication.BinlogChecksumLength])
	little.LittleEndian.PutUint32(raw[9:], uint32(len(raw)))
	return &replication.BinlogEvent{RawData: raw, Header: event.Header, Event: event.Event}
}
