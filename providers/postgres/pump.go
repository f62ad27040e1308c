package postgres

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// load is some messages of a stream, each after its length, and how far the server has come.
type load struct {
	messages []byte
	reached  uint64
	err      error // the last load's
}

const (
	// A load is handed on when it has so many bytes, or when nothing more is there; so many may wait.
	loadBytes  = 128 << 10
	loadsAhead = 64
	// The server sends each change by itself. To take them one by one would cost both sides more than the changes do: what
	// comes within a few milliseconds is taken together.
	gatherTime = 10 * time.Millisecond
	shortTime  = time.Millisecond
	// A server that sent nothing for a while is asked how far it is, and told in time that somebody still listens.
	quietTime = 20 * time.Millisecond
	aliveTime = 5 * time.Second
)

// pump takes messages off the stream as they come, and keeps it alive while nobody takes them off the pump: a slow host is
// no reason for the server to end the connection.
func pump(ctx context.Context, stream *session.Stream, loads chan<- load) {
	told := time.Now()
	tell := func(ask bool) error {
		told = time.Now()
		return stream.Tell(ask)
	}
	wait := quietTime
	for ctx.Err() == nil {
		l := collect(stream, wait)
		if errors.Is(l.err, session.ErrQuiet) {
			l.err = tell(true)
			wait = min(2*wait, time.Second)
		} else {
			wait = quietTime
		}
		if l.err == nil && time.Since(told) > aliveTime {
			l.err = tell(false)
		}
		if (l.messages != nil || l.reached > 0 || l.err != nil) && !offer(ctx, l, loads, tell) {
			return
		}
		if l.err != nil {
			return
		}
	}
}

// collect waits for the first event, and takes what comes with it. An error may come with messages that came before it.
func collect(stream *session.Stream, wait time.Duration) (l load) {
	var began time.Time
	for {
		event, err := stream.Receive(wait)
		if errors.Is(err, session.ErrQuiet) && l.messages != nil {
			return l
		}
		if err != nil {
			l.err = err
			return l
		}
		if event.Changes == nil {
			l.reached = event.Reached
			if event.Asks {
				l.err = stream.Tell(false)
			}
			return l
		}
		if l.messages == nil {
			began = time.Now()
		}
		l.messages = binary.BigEndian.AppendUint32(l.messages, uint32(len(event.Changes)))
		l.messages = append(l.messages, event.Changes...)
		if len(l.messages) >= loadBytes {
			return l
		}
		if !stream.Buffered() {
			if time.Since(began) > gatherTime {
				return l
			}
			time.Sleep(shortTime)
			wait = shortTime
		}
	}
}

// offer hands a load on, with signs of life until it is taken.
func offer(ctx context.Context, l load, loads chan<- load, tell func(bool) error) bool {
	alive := time.NewTicker(aliveTime)
	defer alive.Stop()
	for {
		select {
		case loads <- l:
			return true
		case <-alive.C:
			if tell(false) != nil {
				return false
			}
		case <-ctx.Done():
			return false
		}
	}
}
