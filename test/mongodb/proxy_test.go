package mongodb

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// proxy stands between the provider and the server: it adds what the stand-in for MongoDB lacks, and takes away what a bad
// network would.
type proxy struct {
	listener net.Listener
	target   string
	tls      *tls.Config

	mu    sync.Mutex
	conns map[net.Conn]bool
	// answer is asked for each command; what it returns is sent instead of the server's reply, nothing leaves it to the server.
	answer func(command string, body bson.Raw) bson.D
	// greet answers the old form of a greeting, where it is set.
	greet func(message []byte) []byte
}

func newProxy(t *testing.T, encrypted *tls.Config, answer func(string, bson.Raw) bson.D) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: listener, target: address(uri), tls: encrypted, conns: map[net.Conn]bool{}, answer: answer}
	if encrypted != nil {
		p.listener = tls.NewListener(listener, encrypted)
	}
	go p.serve()
	t.Cleanup(func() {
		_ = p.listener.Close()
		p.cut()
	})
	return p
}

func address(uri string) string {
	_, rest, _ := strings.Cut(uri, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}

// uri is how to connect through the proxy.
func (p *proxy) uri() string { return strings.Replace(uri, p.target, p.listener.Addr().String(), 1) }

func (p *proxy) host() string { return p.listener.Addr().String() }

// cut drops all connections that there are.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *proxy) serve() {
	for {
		conn, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.pipe(conn)
	}
}

func (p *proxy) track(conn net.Conn, there bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if there {
		p.conns[conn] = true
	} else {
		delete(p.conns, conn)
		_ = conn.Close()
	}
}

func (p *proxy) pipe(client net.Conn) {
	p.track(client, true)
	defer p.track(client, false)
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	p.track(server, true)
	defer p.track(server, false)
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	for {
		message, err := readMessage(client)
		if err != nil {
			return
		}
		to, bytes := server, message
		if reply := p.reply(message); reply != nil {
			to, bytes = client, reply
		}
		if _, err := to.Write(bytes); err != nil {
			return
		}
	}
}

func readMessage(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(length[:]))
	copy(message, length[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

const opMsg = 2013

// reply makes the message that answers instead of the server, if any.
func (p *proxy) reply(message []byte) []byte {
	if p.greet != nil && binary.LittleEndian.Uint32(message[12:]) == opQuery {
		return p.greet(message)
	}
	if p.answer == nil || len(message) < 26 || binary.LittleEndian.Uint32(message[12:]) != opMsg || message[20] != 0 {
		return nil
	}
	body := bson.Raw(message[21:])
	size := binary.LittleEndian.Uint32(body)
	body = body[:size]
	first, err := body.IndexErr(0)
	if err != nil {
		return nil
	}
	answer := p.answer(first.Key(), body)
	if answer == nil {
		return nil
	}
	document, err := bson.Marshal(answer)
	if err != nil {
		return nil
	}
	out := make([]byte, 21, 21+len(document))
	binary.LittleEndian.PutUint32(out, uint32(21+len(document)))
	copy(out[8:], message[4:8])
	binary.LittleEndian.PutUint32(out[12:], opMsg)
	return append(out, document...)
}

// refusal is a server's error.
func refusal(code int, name, message string) bson.D {
	return bson.D{{Key: "ok", Value: 0.0}, {Key: "errmsg", Value: message}, {Key: "code", Value: int32(code)}, {Key: "codeName", Value: name}}
}
