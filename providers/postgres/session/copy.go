package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

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
	err := (&copying{messages: newMessages(network), take: take}).run()
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
	*messages
	take   func([]byte) error
	failed error
}

func (c *copying) run() error {
	for {
		kind, body, err := c.next()
		if err != nil {
			return err
		}
		switch kind {
		case 'd':
			if err := c.take(body); err != nil {
				return err
			}
		case 'E':
			fatal, err := refusal(body)
			if fatal {
				return err // nothing more will come
			}
			c.failed = err
		case 'Z':
			return c.failed
		case 'H', 'c', 'C', 'N', 'S', 'A': // begin and end of the copy, notices
		default:
			return fmt.Errorf("the server sent a message of kind %q in a copy", kind)
		}
	}
}
