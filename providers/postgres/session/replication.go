package session

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"
)

// Stream is a running START_REPLICATION. One goroutine uses it at a time.
type Stream struct {
	conn     *Conn
	messages *messages
	network  net.Conn
	received uint64
	body     []byte
}

// Event is what the server sends: changes, or how far it has come.
type Event struct {
	Changes []byte // a message of the output plugin; valid until the next event
	Reached uint64 // all of the log up to here was sent; 0 with changes
	Asks    bool   // for an answer
}

// ErrQuiet is that nothing came in time.
var ErrQuiet = errors.New("the server sent nothing")

// Follow starts the stream of a logical replication slot.
func (c *Conn) Follow(ctx context.Context, sql string) (*Stream, error) {
	if err := c.pg.SyncConn(ctx); err != nil {
		return nil, err
	}
	s := &Stream{conn: c, network: c.pg.Conn()}
	s.messages = newMessages(s.network)
	c.pg.Frontend().SendQuery(&pgproto3.Query{String: sql})
	if err := c.pg.Frontend().Flush(); err != nil {
		return nil, c.broken(ctx, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = s.network.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return s, s.begin(ctx)
}

// begin waits until the server agrees. A refused command leaves the connection as it was.
func (s *Stream) begin(ctx context.Context) error {
	var refused error
	for {
		kind, body, err := s.messages.next()
		if err != nil {
			return s.conn.broken(ctx, err)
		}
		switch kind {
		case 'W':
			return nil
		case 'E':
			var fatal bool
			if fatal, refused = refusal(body); fatal {
				return s.conn.broken(ctx, refused)
			}
		case 'Z':
			if refused == nil {
				refused = errors.New("the server ended the stream before it began")
			}
			return refused
		}
	}
}

// Receive waits for the next event, or for so long.
func (s *Stream) Receive(wait time.Duration) (Event, error) {
	if err := s.network.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return Event{}, err
	}
	for {
		kind, body, err := s.messages.next()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return Event{}, ErrQuiet
		}
		if err != nil {
			return Event{}, err
		}
		switch kind {
		case 'd':
			return s.event(body)
		case 'E':
			_, err := refusal(body)
			return Event{}, err
		case 'c', 'C', 'Z':
			return Event{}, fmt.Errorf("the server ended the stream: %w", net.ErrClosed)
		}
	}
}

const (
	changesHead = 1 + 3*8
	aliveLength = 1 + 2*8 + 1
)

func (s *Stream) event(body []byte) (Event, error) {
	switch {
	case len(body) >= changesHead && body[0] == 'w':
		s.received = max(s.received, binary.BigEndian.Uint64(body[1:]))
		return Event{Changes: body[changesHead:]}, nil
	case len(body) >= aliveLength && body[0] == 'k':
		reached := binary.BigEndian.Uint64(body[1:])
		s.received = max(s.received, reached)
		return Event{Reached: reached, Asks: body[aliveLength-1] != 0}, nil
	}
	return Event{}, errors.New("the server sent something in the stream that is neither changes nor a sign of life")
}

// Buffered reports whether the next event is at least in part here already.
func (s *Stream) Buffered() bool { return s.messages.end > s.messages.start }

// secondsTo2000 is where the server's clock begins.
const secondsTo2000 = 946_684_800

// Tell is a sign of life, which says what was received. Nothing is confirmed by it: what the slot may forget is said once
// it is committed, by advancing the slot. It may ask the server for an answer.
func (s *Stream) Tell(ask bool) error {
	status := make([]byte, 0, 1+4*8+1)
	status = append(status, 'r')
	status = binary.BigEndian.AppendUint64(status, s.received)
	status = binary.BigEndian.AppendUint64(status, 0) // flushed: not said
	status = binary.BigEndian.AppendUint64(status, 0) // applied: not said
	status = binary.BigEndian.AppendUint64(status, uint64(time.Since(time.Unix(secondsTo2000, 0)).Microseconds()))
	if ask {
		status = append(status, 1)
	} else {
		status = append(status, 0)
	}
	text, err := (&pgproto3.CopyData{Data: status}).Encode(s.body[:0])
	if err != nil {
		return err
	}
	s.body = text
	if err := s.network.SetWriteDeadline(time.Now().Add(tellTime)); err != nil {
		return err
	}
	_, err = s.network.Write(text)
	return err
}

// tellTime bounds a sign of life.
const tellTime = 30 * time.Second

// Close ends the connection, and with it the stream.
func (s *Stream) Close() { _ = s.network.Close() }
