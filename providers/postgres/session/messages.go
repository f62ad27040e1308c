package session

import (
	"encoding/binary"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// readBuffer is how much is read from the network at once.
const readBuffer = 256 << 10

// messages takes the server's messages from the network. A read that ended by its deadline can be repeated.
type messages struct {
	network    net.Conn
	buffer     []byte
	start, end int
}

func newMessages(network net.Conn) *messages {
	return &messages{network: network, buffer: make([]byte, readBuffer)}
}

const messageHead = 5 // a letter and the length of what follows, itself included

// next takes a message. Its body is valid until the next one is taken.
func (m *messages) next() (kind byte, body []byte, err error) {
	if err := m.have(messageHead); err != nil {
		return 0, nil, err
	}
	length := int(binary.BigEndian.Uint32(m.buffer[m.start+1:])) + 1
	if length < messageHead {
		return 0, nil, errors.New("the server sent a message of a negative length")
	}
	if err := m.have(length); err != nil {
		return 0, nil, err
	}
	kind = m.buffer[m.start]
	body = m.buffer[m.start+messageHead : m.start+length]
	m.start += length
	return kind, body, nil
}

// have reads until so many bytes are there.
func (m *messages) have(n int) error {
	if m.end-m.start >= n {
		return nil
	}
	if m.start == m.end {
		m.start, m.end = 0, 0
	}
	if m.start+n > len(m.buffer) {
		to := m.buffer
		if n > len(to) {
			to = make([]byte, n+readBuffer)
		}
		m.end = copy(to, m.buffer[m.start:m.end])
		m.buffer, m.start = to, 0
	}
	for m.end-m.start < n {
		read, err := m.network.Read(m.buffer[m.end:])
		m.end += read
		if err != nil && m.end-m.start < n {
			return err
		}
	}
	return nil
}

// refusal is what the server's error message says, and whether the server ends the connection by it.
func refusal(body []byte) (fatal bool, err error) {
	var message pgproto3.ErrorResponse
	if err := message.Decode(body); err != nil {
		return true, err
	}
	refused := pgconn.ErrorResponseToPgError(&message)
	return refused.Severity == "FATAL" || refused.SeverityUnlocalized == "FATAL", refused
}
