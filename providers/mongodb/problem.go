package mongodb

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Codes of the server's errors.
const (
	codeBadValue       = 2
	codeFailedToParse  = 9
	codeUnauthorized   = 13
	codeLoginFailed    = 18
	codeCursorNotFound = 43
	codeTooLong        = 50
	codeSnapshotTooOld = 239
)

func hasCode(err error, codes ...int) bool {
	var server mongo.ServerError
	if !errors.As(err, &server) {
		return false
	}
	for _, code := range codes {
		if server.HasErrorCode(code) {
			return true
		}
	}
	return false
}

func unauthorized(err error) bool { return hasCode(err, codeUnauthorized) }

// explained words an error of a read; what is worded already stays.
func (c *collection) explained(err error) error {
	var diags sdk.Diagnostics
	if err == nil || errors.As(err, &diags) || errors.Is(err, context.Canceled) || errors.Is(err, errOutput) {
		return err
	}
	return c.connection.problem(err, c.namespace())
}

// errOutput marks what went wrong on the host's side, which is no problem of the server.
var errOutput = errors.New("handing over rows")

// problem says what an error of the driver means and what to do about it, without the connection's secrets.
func (c *connection) problem(err error, namespace string) sdk.Diagnostics {
	text := c.scrubbed(cause(err))
	say := func(summary, detail, path string) sdk.Diagnostics {
		return sdk.Diagnostics{sdk.Error(summary, detail, path)}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return say("Interrupted", "Asking the server was interrupted.", "connection")
	case hasCode(err, codeLoginFailed) || strings.Contains(text, "auth error") || strings.Contains(text, "AuthenticationFailed"):
		return say("Login refused", fmt.Sprintf("The server refuses the login (%s). Check user and password of the connection, and auth_source, the "+
			"database that knows the user (admin by default).", short(text)), "connection")
	case unauthorized(err):
		return say("Missing privilege", fmt.Sprintf("The user may not read %s. Let an administrator run, in the database that knows the user: "+
			"db.grantRolesToUser(\"…\", [{ role: \"read\", db: \"%s\" }]). The server says: %s.", namespace, database(namespace), short(text)), "connection")
	case hasCode(err, codeSnapshotTooOld):
		return say("The moment to read is gone", "Reading took longer than the server keeps a moment to read as of (minSnapshotHistoryWindowInSeconds, "+
			"300 by default). Raise that parameter, or write consistent = false.", "consistent")
	case hasCode(err, codeBadValue, codeFailedToParse):
		return say("The server refuses the query", fmt.Sprintf("It says: %s. Check filter.", short(text)), "filter")
	case strings.Contains(text, "x509:") || strings.Contains(text, "tls:"):
		return say("TLS failed", fmt.Sprintf("No encrypted connection came about: %s. Check tls, tls_ca (the authority that signed the server's "+
			"certificate), tls_cert (if the server asks for a certificate) and the host's name.", short(text)), "connection")
	case mongo.IsTimeout(err), mongo.IsNetworkError(err), strings.Contains(text, "server selection"), errors.Is(err, context.DeadlineExceeded):
		return say("Server not reached", fmt.Sprintf("No server answers: %s. Check the hosts and ports of the connection, whether the server runs and lets this "+
			"machine in, and tls, which must be true where the server wants it.%s", short(text), discovery(err)), "connection")
	}
	return say("The server reports an error", fmt.Sprintf("Reading %s failed: %s.", namespace, short(text)), "connection")
}

// discovery is a hint for replica sets whose members go by names that mean nothing here.
func discovery(err error) string {
	if strings.Contains(err.Error(), "ReplicaSetNoPrimary") {
		return " The members of a replica set are reached by the names that the set gives them; to talk to one of them alone, add directConnection=true to uri."
	}
	return ""
}

func database(namespace string) string {
	name, _, _ := strings.Cut(namespace, ".")
	return name
}

var lastError = regexp.MustCompile(`Last error: (.*?) \}`)

// cause is what a server said last, where the driver only says that none could be selected.
func cause(err error) string {
	text := err.Error()
	if found := lastError.FindStringSubmatch(text); found != nil {
		return "server selection: " + found[1]
	}
	return text
}

// short cuts what the driver says about its own doings.
func short(text string) string {
	for _, noise := range []string{"server selection: ", "connection() error occurred during connection handshake: ", "auth error: ", "server selection error: "} {
		text = strings.ReplaceAll(text, noise, "")
	}
	if len(text) > 400 {
		text = text[:400] + "…"
	}
	return strings.TrimRight(text, ". ")
}
