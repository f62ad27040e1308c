package session

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of the server's errors that are told apart.
const (
	cannotConnectNow   = "57P03"
	tooManyConnections = "53300"
	invalidParameter   = "22023"
	notReady           = "55000"

	CodeInvalidPassword      = "28P01"
	CodeInvalidAuthorization = "28000"
	CodeUnknownDatabase      = "3D000"
	CodeNoPrivilege          = "42501"
	CodeUnknownTable         = "42P01"
	CodeUnknownColumn        = "42703"
	CodeUnknownObject        = "42704"
	CodeDuplicateObject      = "42710"
	CodeSyntax               = "42601"
	CodeObjectInUse          = "55006"
	CodeCanceled             = "57014"
	CodeTooManyConnections   = tooManyConnections
	CodeReadOnly             = "25006"
	CodeLimit                = "53400"
)

// Code is the server's code of an error; empty where the error is none of the server's.
func Code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}

// Message is what the server said, without anything of the connection's; empty where the error is none of the server's.
func Message(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return ""
	}
	text := pg.Message
	for _, more := range []string{pg.Detail, pg.Hint} {
		if more != "" {
			text += ". " + strings.TrimSuffix(more, ".")
		}
	}
	return strings.TrimSuffix(text, ".")
}

// Lost reports whether an error is a lost connection: the network, or a server that ended or restarts.
func Lost(err error) bool {
	var network net.Error
	switch {
	case err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &network):
		return false
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed):
		return true
	case errors.As(err, &network):
		return true
	}
	code := Code(err)
	return strings.HasPrefix(code, "57P") || strings.HasPrefix(code, "08") || code == tooManyConnections
}

// SnapshotGone reports whether Begin failed since the transaction whose snapshot is shared has ended: its name is unknown,
// which servers from 17 on say by another code, or its process is just ending.
func SnapshotGone(err error) bool {
	code := Code(err)
	return code == invalidParameter || code == CodeUnknownObject || code == notReady
}
