package sdk

import (
	"context"
	"net"
	"path/filepath"
	"sync"

	"github.com/apache/arrow-go/v18/arrow"
	"google.golang.org/protobuf/proto"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
)

// maxRaw bounds what is kept of a bad row; badFrame how many go into one frame.
const (
	maxRaw   = 64 << 10
	badFrame = 256
)

// stream is the Output of one Read. Once something could not be sent, nothing more is, and the read fails even if the
// provider overlooks the error.
type stream struct {
	mu      sync.Mutex
	writer  *dataplane.Writer
	staging *Staging
	totals  pb.Complete
	err     error
}

func newStream(conn net.Conn, req ReadRequest) *stream {
	return &stream{writer: dataplane.NewWriter(conn, arrowschema.FromColumns(req.Columns)), staging: req.Staging}
}

// do sends under the lock and remembers the first failure.
func (s *stream) do(ctx context.Context, send func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = ctx.Err()
	}
	if s.err == nil {
		s.err = send()
	}
	if s.err != nil && ctx.Err() != nil {
		return ctx.Err() // a connection cut by cancellation is no failure of its own
	}
	return s.err
}

func (s *stream) event(ctx context.Context, kind dataplane.Kind, message proto.Message, count func()) error {
	return s.do(ctx, func() error {
		if err := s.writer.Event(kind, message); err != nil {
			return err
		}
		count()
		return nil
	})
}

func (s *stream) Batch(ctx context.Context, rows arrow.RecordBatch) error {
	if rows.NumRows() == 0 {
		return ctx.Err()
	}
	return s.do(ctx, func() error {
		if err := s.writer.Batch(rows); err != nil {
			return err
		}
		s.totals.Rows += rows.NumRows()
		return nil
	})
}

func (s *stream) Origin(source string, firstRow int64) {
	_ = s.event(context.Background(), dataplane.Origin, &pb.Origin{Source: printable(source), FirstRow: firstRow}, func() {})
}

func (s *stream) File(ctx context.Context, f File) error {
	if s.staging == nil {
		return Errorf("A file was not asked for",
			"The provider handed over the file %s where the host asked for batches. This is a bug in the provider.", f.Path)
	}
	return s.event(ctx, dataplane.File, &pb.File{Path: filepath.Clean(f.Path), Rows: f.Rows}, func() { s.totals.Files++ })
}

func (s *stream) Bad(ctx context.Context, rows []BadRow) error {
	for len(rows) > 0 {
		n := min(len(rows), badFrame)
		message := &pb.BadRows{Rows: encodeBad(rows[:n])}
		if err := s.event(ctx, dataplane.Bad, message, func() { s.totals.BadRows += int64(n) }); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return ctx.Err()
}

func encodeBad(rows []BadRow) []*pb.BadRow {
	out := make([]*pb.BadRow, len(rows))
	for i, row := range rows {
		out[i] = &pb.BadRow{
			Raw: short(row.Raw), Reason: short(row.Reason), Source: printable(row.Source), Position: printable(row.Position),
		}
	}
	return out
}

// short cuts before it repairs, so that a character cut in two is repaired too.
func short(text string) string {
	if len(text) > maxRaw {
		text = text[:maxRaw]
	}
	return printable(text)
}

func (s *stream) Checkpoint(ctx context.Context, partition string, cursor []byte) error {
	message := &pb.Checkpoint{Partition: partition, Cursor: cursor}
	return s.event(ctx, dataplane.Checkpoint, message, func() { s.totals.Checkpoints++ })
}

func (s *stream) Progress(rows, bytes int64) {
	_ = s.event(context.Background(), dataplane.Progress, &pb.Progress{Rows: rows, Bytes: bytes}, func() {})
}

// complete ends the stream. It fails if anything before it did.
func (s *stream) complete(ctx context.Context) error {
	return s.do(ctx, func() error { return s.writer.Event(dataplane.Complete, &s.totals) })
}
