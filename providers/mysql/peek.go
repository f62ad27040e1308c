package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/mysql/binlog"
)

const (
	// firstEvent is how long a server may take to find where to begin in its log.
	firstEvent = 2 * time.Minute
	// looking is how long a plan reads on then. What it has not read by then it takes for changes.
	looking = 2 * time.Second
	// idleLog is how much of the log a table without changes leaves unread.
	idleLog = 16 << 20
)

// tryFollowing opens the log and waits for its first event: what the server then refuses no variable tells before.
func (s *server) tryFollowing(ctx context.Context, after *binlog.GTIDs) error {
	server, err := s.endpoint(ctx)
	if err != nil {
		return err
	}
	stream, err := binlog.Open(server, after)
	if err != nil {
		return s.explainLog(err)
	}
	defer stream.Close()
	ctx, cancel := context.WithTimeout(ctx, firstEvent)
	defer cancel()
	for range 3 { // two are made up by the server before it looks for the place
		if _, err := stream.Next(ctx); err != nil {
			return s.explainLog(err)
		}
	}
	return nil
}

// peeked is what a plan saw of the log.
type peeked struct {
	rows  int64
	whole bool     // it was read to its end
	new   bool     // it has transactions that were not read
	bytes uint64   // of these
	left  string   // why a table without changes is to be read on; empty where it isn't
	added []string // columns that rows were read without
	anew  bool     // no row is left of before, and those that came since have all columns
}

// peek reads the log without keeping any of it.
func (s *server) peek(ctx context.Context, r *relation, columns coltype.Schema, recorded []string, at *point, seen *binlog.GTIDs, now *log) (*peeked, error) {
	found := &peeked{new: !seen.Contains(now.gtids)}
	sets := charsets{server: s}
	follower := binlog.NewFollower(r.database, r.table, seen, sets.of(ctx), binlog.Handler{
		Change:    func(binlog.Change) error { found.rows++; return nil },
		Truncate:  func(binlog.Place, time.Time) error { found.rows++; return nil },
		Committed: func() error { return nil },
		Wanted:    among(columns),
	})
	follower.Names, follower.Cased = at.names(recorded), r.cased
	follower.Expect(at.Last, now.server == at.Server)
	err := s.look(ctx, follower, now.gtids)
	if follower.Expects() && unfindable(err) { // the server has the transaction no more
		follower.Forget()
		err = s.look(ctx, follower, now.gtids)
	}
	found.whole = follower.Seen.Contains(now.gtids)
	if err != nil && (!errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil) {
		return nil, s.explainLog(err)
	}
	found.bytes, found.added, found.anew = follower.Bytes, follower.Names.Added, found.whole && follower.Names.Anew
	switch newest, err := s.newestFile(ctx); {
	case err != nil:
		return nil, s.explainLog(err)
	case found.bytes >= idleLog:
		found.left = fmt.Sprintf("so as not to need %d MB of the log", found.bytes>>20)
	case found.new && follower.First != newest:
		found.left = "so as not to need a file of the log that may be purged"
	case found.new && (len(columns) > len(recorded) || slices.ContainsFunc(r.names(), func(column string) bool { return containsFold(at.Absent, column) })):
		found.left = "to where it has its new columns"
	}
	return found, nil
}

// among looks for a name among columns as the server does, in any case.
func among(columns coltype.Schema) func(string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(columns, func(f coltype.Field) bool { return strings.EqualFold(f.Name, name) })
	}
}

func containsFold(names []string, name string) bool {
	return slices.ContainsFunc(names, func(other string) bool { return strings.EqualFold(other, name) })
}

// look reads until the log is read up to the bound and the last transaction was known again, or the time is over.
func (s *server) look(ctx context.Context, follower *binlog.Follower, until *binlog.GTIDs) error {
	if follower.Seen.Contains(until) && !follower.Expects() {
		return nil
	}
	server, err := s.endpoint(ctx)
	if err != nil {
		return err
	}
	stream, err := binlog.Open(server, follower.From())
	if err != nil {
		return err
	}
	defer stream.Close()
	patience := firstEvent
	if follower.Seen.Contains(until) { // nothing is new, and what was read need not be seen again at any price
		patience = remembering
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	begun := false
	for !follower.Seen.Contains(until) || follower.Expects() {
		event, err := stream.Next(ctx)
		if err != nil {
			return err
		}
		if _, err := follower.Event(event); err != nil {
			return err
		}
		if !begun && follower.Begun() {
			begun = true
			ctx, cancel = context.WithTimeout(ctx, looking)
			defer cancel()
		}
	}
	return nil
}

// tell says in a plan what was seen.
func (p *peeked) tell(response *sdk.PlanResponse, r *relation, gtids string) {
	response.Rows, response.Bytes, response.AtLeast = p.rows, -1, !p.whole
	response.Position = fmt.Sprintf("changes of %s after the transactions %s", r.source, brief(gtids))
	if p.rows > 0 || !p.whole {
		return
	}
	response.Bytes, response.Changed = 0, p.left != ""
	response.Position = fmt.Sprintf("%s has no changes after the transactions %s", r.source, brief(gtids))
	if response.Changed {
		response.Position += ", and is read on " + p.left
	}
}
