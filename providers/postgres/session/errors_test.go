package session_test

import (
	"fmt"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// TestSnapshotGone knows the three ways in which servers say that a shared snapshot ended.
func TestSnapshotGone(t *testing.T) {
	for code, want := range map[string]bool{"22023": true, "42704": true, "55000": true, "42501": false, "57P01": false} {
		if got := session.SnapshotGone(fmt.Errorf("beginning: %w", &pgconn.PgError{Code: code})); got != want {
			t.Errorf("%s: %t", code, got)
		}
	}
	if session.SnapshotGone(net.ErrClosed) || session.SnapshotGone(nil) {
		t.Error("an error that is none of the server's says nothing of a snapshot")
	}
}
