package session

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// copyBuffer is how much is read from the network at once.
const copyBuffer = 256 << 10

// Copy runs COPY … TO STDOUT and gives each piece of its data to take, which must not keep it. It reads the network
// itself: the driver would cost as much as all the rest of the way to Arrow.
func (c *Conn) Copy(ctx context.Context, sql string, take func(data []byte) error) error {
	if err := c.pg.SyncConn(ctx); err != nil {
		return err
	}
	network := c.pg.Conn()
	// A read or a write that waits for the server ends when ctx does.
	stop := context.AfterFunc(ctx, func() { _ = network.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.pg.Frontend().SendQuery(&pgproto3.Query{String: sql})
	if err := c.pg.Frontend().Flush(); err != nil {
		return c.broken(ctx, err)
	}
	err := (&copying{network: network, take: take, buffer: make([]byte, copyBuffer)}).run()
	var pg *pgconn.PgError
	if err != nil && (ctx.Err() != nil || !errors.As(err, &pg)) {
		return c.broken(ctx, err)
	}
	return err
}

// broken gives up the connection: somewhere in it is the rest of an answer.
func (c *Conn) broken(ctx context.Context, err error) error {
	_ = c.pg.Conn().Close()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// copying takes the server's messages from the network until the server is ready for the next command.
type copying struct {
	network    net.Conn
	take       func([]byte) error
	buffer     []byte
	start, end int
	failed     error
}

const messageHead = 5 // a letter and the length of what follows, itself included

func (c *copying) run() error {
	for {
		kind, body, err := c.message()
		if err != nil {
			return err
		}
		switch kind {
		case 'd':
			if err := c.take(body); err != nil {
				return err
			}
		case 'E':
			if err := c.refused(body); err != nil {
				return err
			}
		case 'Z':
			return c.failed
		case 'H', 'c', 'C', 'N', 'S', 'A': // begin and end of the copy, notices
		default:
			return fmt.Errorf("the server sent a message of kind %q in a copy", kind)
		}
	}
}

func (c *copying) refused(body []byte) error {
	var message pgproto3.ErrorResponse
	if err := message.Decode(body); err != nil {
		return err
	}
	failed := pgconn.ErrorResponseToPgError(&message)
	if failed.Severity == "FATAL" || failed.SeverityUnlocalized == "FATAL" {
		return failed // nothing more will come
	}
	c.failed = failed
	return nil
}

// message takes the next message. Its body is valid until the next one is taken.
func (c *copying) message() (kind byte, body []byte, err error) {
	if err := c.have(messageHead); err != nil {
		return 0, nil, err
	}
	length := int(binary.BigEndian.Uint32(c.buffer[c.start+1:])) + 1
	if length < messageHead {
		return 0, nil, errors.New("the server sent a message of a negative length")
	}
	kind = c.buffer[c.start]
	if err := c.have(length); err != nil {
		return 0, nil, err
	}
	body = c.buffer[c.start+messageHead : c.start+length]
	c.start += length
	return kind, body, nil
}

// have reads until so many bytes are there.
func (c *copying) have(n int) error {
	if c.end-c.start >= n {
		return nil
	}
	if c.start == c.end {
		c.start, c.end = 0, 0
	}
	if c.start+n > len(c.buffer) {
		to := c.buffer
		if n > len(to) {
			to = make([]byte, n+copyBuffer)
		}
		c.end = copy(to, c.buffer[c.start:c.end])
		c.buffer, c.start = to, 0
	}
	for c.end-c.start < n {
		read, err := c.network.Read(c.buffer[c.end:])
		c.end += read
		if err != nil && c.end-c.start < n {
			return err
		}
	}
	return nil
}
