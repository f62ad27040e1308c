package binlog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// Server is where the log is, and how to log in.
type Server struct {
	Address  string // host:port, or the path of a socket
	User     string
	Password string
	TLS      *tls.Config
	Maria    bool
	ID       uint32 // of this reader among the server's replicas; 0 draws one
}

const (
	// heartbeat is how often an idle server says that it is there, and silence how long it may not.
	heartbeat = 5 * time.Second
	silence   = 30 * time.Second
	// buffered is how many events are read ahead.
	buffered = 64
)

// Stream is an open log.
type Stream struct {
	syncer *replication.BinlogSyncer
	events *replication.BinlogStreamer
}

// Open asks for all that follows the transactions.
func Open(server Server, after *GTIDs) (*Stream, error) {
	config := replication.BinlogSyncerConfig{
		ServerID: server.ID, Flavor: gomysql.MySQLFlavor, Host: server.Address, User: server.User, Password: server.Password, TLSConfig: server.TLS,
		Localhost: "etl", HeartbeatPeriod: heartbeat, ReadTimeout: silence, DisableRetrySync: true, EventCacheCount: buffered, DiscardGTIDSet: true,
		Logger: slog.New(slog.DiscardHandler), RowsEventDecodeFunc: keepRows, VerifyChecksum: true,
	}
	if server.Maria {
		config.Flavor, config.FillZeroLogPos = gomysql.MariaDBFlavor, true
	}
	if config.ServerID == 0 { // two readers of one number would end each other
		config.ServerID = 1<<31 + rand.Uint32N(1<<31-1)
	}
	if host, port, err := net.SplitHostPort(server.Address); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("the port of %s: %w", server.Address, err)
		}
		config.Host, config.Port = host, uint16(n)
	}
	s := &Stream{syncer: replication.NewBinlogSyncer(config)}
	var err error
	if s.events, err = s.syncer.StartSyncGTID(after.set()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// keepRows leaves the rows of an event packed: most are of other tables.
func keepRows(e *replication.RowsEvent, data []byte) error {
	at, err := e.DecodeHeader(data)
	if err != nil {
		return err
	}
	if at > len(data) {
		return errors.New("a rows event ends too early")
	}
	e.Rows = [][]any{{data[at:]}}
	return nil
}

// Next waits for an event.
func (s *Stream) Next(ctx context.Context) (*replication.BinlogEvent, error) {
	return s.events.GetEvent(ctx)
}

// Close ends the stream, at the server too.
func (s *Stream) Close() { s.syncer.Close() }
