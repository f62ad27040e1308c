package slot

import (
	"context"
	"log/slog"
	"time"

	"github.com/automic-etl/etl/providers/postgres/session"
)

// lookPause is how long the creation of a slot may take before it is looked into, and how long until it is looked into again.
const lookPause = 5 * time.Second

// Announce tells the user, until it is stopped, what the creation of a slot by a connection waits for: transactions that have
// written something, of any database, each until it ends. The connection itself is busy with that, so that another one looks.
func Announce(ctx context.Context, s session.Settings, creates *session.Conn, name string) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		watch(ctx, s, creates.PID(), name)
	}()
	return func() {
		cancel()
		<-done
	}
}

func watch(ctx context.Context, s session.Settings, pid uint32, name string) {
	if !session.Sleep(ctx, lookPause) {
		return
	}
	c, err := session.Open(ctx, s)
	if err == nil {
		defer c.Close()
		err = tell(ctx, c, pid, name)
	}
	if err != nil && ctx.Err() == nil {
		slog.WarnContext(ctx, "the creation of a replication slot takes long; what it waits for can't be found out", "slot", name, "error", session.Message(err))
	}
}

// tell says what is waited for each time that it is something else.
func tell(ctx context.Context, c *session.Conn, pid uint32, name string) error {
	for said := ""; ; {
		var w waited
		found, err := c.JSON(ctx, &w, waitedSQL, pid)
		if err != nil {
			return err
		}
		if found && w.Transaction != said {
			slog.WarnContext(ctx, "the creation of a replication slot waits for a transaction at the server to end", append([]any{"slot", name}, w.words()...)...)
			said = w.Transaction
		}
		if !session.Sleep(ctx, lookPause) {
			return nil
		}
	}
}

// waited is a transaction that is waited for: one of a connection, or a prepared one. A role sees of others' connections
// neither their states nor since when they last, unless it may.
type waited struct {
	Transaction string `json:"transaction"`
	PID         int    `json:"pid"`
	User        string `json:"user"`
	Application string `json:"application"`
	Database    string `json:"database"`
	State       string `json:"state"`
	Since       string `json:"since"`
	Prepared    string `json:"prepared"`
}

const waitedSQL = `
SELECT json_build_object('transaction', w.transactionid::text, 'pid', coalesce(h.pid, 0), 'user', coalesce(a.usename, p.owner, ''),
  'application', coalesce(a.application_name, ''), 'database', coalesce(a.datname, p.database, ''), 'state', coalesce(a.state, ''),
  'since', coalesce(to_char(coalesce(a.xact_start, p.prepared) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), ''), 'prepared', coalesce(p.gid, ''))
FROM pg_catalog.pg_locks w
JOIN pg_catalog.pg_locks h ON h.locktype = 'transactionid' AND h.granted AND h.mode = 'ExclusiveLock' AND h.transactionid = w.transactionid
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = h.pid
LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = w.transactionid
WHERE w.pid = $1::int AND w.locktype = 'transactionid' AND NOT w.granted`

// words say what is known of a transaction, and what ends it.
func (w waited) words() []any {
	var out []any
	if w.PID != 0 {
		out = append(out, "pid", w.PID)
	}
	for _, word := range [][2]string{
		{"prepared", w.Prepared}, {"user", w.User}, {"application", w.Application}, {"database", w.Database}, {"state", w.State}, {"since", w.Since},
	} {
		if word[1] != "" {
			out = append(out, word[0], word[1])
		}
	}
	return append(out, "until", w.end())
}

// end is what ends a transaction.
func (w waited) end() string {
	if w.Prepared == "" {
		return "its application commits it or rolls it back, or its connection is ended"
	}
	gid := session.Literal(w.Prepared)
	return "COMMIT PREPARED " + gid + " or ROLLBACK PREPARED " + gid
}
