package dataplane

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	magic       = "ETLDATA1"
	tokenSize   = 32
	prefaceTime = 10 * time.Second
)

// Listener takes connections of one plugin process. Only who shows a token that was handed out gets in, once.
type Listener struct {
	socket net.Listener
	log    *slog.Logger
	mu     sync.Mutex
	guests map[string]chan net.Conn
}

// Listen opens a socket in a private folder.
func Listen(dir string, log *slog.Logger) (*Listener, error) {
	socket, err := net.Listen("unix", filepath.Join(dir, "data.sock"))
	if err != nil {
		return nil, fmt.Errorf("opening the data plane: %w", err)
	}
	if err := os.Chmod(socket.Addr().String(), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the data plane: %w", err), socket.Close())
	}
	l := &Listener{socket: socket, log: log, guests: map[string]chan net.Conn{}}
	go l.accept()
	return l, nil
}

// Path is the socket's.
func (l *Listener) Path() string { return l.socket.Addr().String() }

// Close stops listening; open connections stay.
func (l *Listener) Close() error { return l.socket.Close() }

// Ticket admits one connection.
type Ticket struct {
	Token []byte
	guest chan net.Conn
	from  *Listener
}

// Expect hands out a ticket. Close it when it is of no more use.
func (l *Listener) Expect() *Ticket {
	token := make([]byte, tokenSize)
	rand.Read(token) // never fails
	t := &Ticket{Token: token, guest: make(chan net.Conn, 1), from: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.guests[string(token)] = t.guest
	return t
}

// Arrived yields the connection.
func (t *Ticket) Arrived() <-chan net.Conn { return t.guest }

// Close makes the ticket worthless and closes a connection that nobody took.
func (t *Ticket) Close() {
	t.from.mu.Lock()
	delete(t.from.guests, string(t.Token))
	t.from.mu.Unlock()
	select {
	case conn := <-t.guest:
		conn.Close()
	default:
	}
}

func (l *Listener) accept() {
	for {
		conn, err := l.socket.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, say
			l.log.Warn("accepting a data connection", "error", err)
			time.Sleep(10 * time.Millisecond)
			continue
		}
		go l.admit(conn)
	}
}

func (l *Listener) admit(conn net.Conn) {
	preface := make([]byte, len(magic)+tokenSize)
	err := conn.SetReadDeadline(time.Now().Add(prefaceTime))
	if err == nil {
		_, err = io.ReadFull(conn, preface)
	}
	if err == nil {
		err = conn.SetReadDeadline(time.Time{})
	}
	if err == nil && string(preface[:len(magic)]) == magic && l.seat(string(preface[len(magic):]), conn) {
		return
	}
	l.log.Warn("a data connection without a valid token was refused", "error", err)
	conn.Close()
}

// seat uses the lock so that no connection reaches a ticket that was closed.
func (l *Listener) seat(token string, conn net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	guest, known := l.guests[token]
	if !known {
		return false
	}
	delete(l.guests, token)
	guest <- conn
	return true
}

// Dial is a plugin's way in.
func Dial(ctx context.Context, path string, token []byte) (net.Conn, error) {
	if len(token) != tokenSize {
		return nil, fmt.Errorf("opening the data plane: the host's token has %d bytes, not %d", len(token), tokenSize)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, fmt.Errorf("opening the data plane: %w", err)
	}
	if _, err := conn.Write(append([]byte(magic), token...)); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the data plane: %w", err), conn.Close())
	}
	return conn, nil
}
