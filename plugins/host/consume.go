package host

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// consumer hands frames to the sink in their order, and counts them.
type consumer struct {
	sink    Sink
	account *dataplane.Account
	staging *sdk.Staging
	columns coltype.Schema // of a finished file
	origin  Origin
	totals  pb.Complete
}

func (c *consumer) all(ctx context.Context, frames <-chan dataplane.Frame) error {
	for frame := range frames {
		err := c.one(ctx, frame)
		frame.Release()
		c.account.Give(frame.Size)
		if err != nil {
			return err
		}
	}
	return nil
}

// drain gives up what nobody wants any more.
func (c *consumer) drain(frames <-chan dataplane.Frame) {
	for frame := range frames {
		frame.Release()
		c.account.Give(frame.Size)
	}
}

func (c *consumer) one(ctx context.Context, frame dataplane.Frame) error {
	if frame.Kind == dataplane.Batch {
		origin, rows := c.origin, frame.Rows.NumRows()
		c.origin.FirstRow += rows
		c.totals.Rows += rows
		return c.sink.Batch(ctx, origin, frame.Rows)
	}
	switch event := frame.Event.(type) {
	case *pb.Origin:
		c.origin = Origin{Source: event.Source, FirstRow: event.FirstRow}
		return nil
	case *pb.File:
		return c.file(ctx, sdk.File{Path: event.Path, Rows: event.Rows})
	case *pb.BadRows:
		c.totals.BadRows += int64(len(event.Rows))
		return c.sink.Bad(ctx, decodeBad(event))
	case *pb.Checkpoint:
		c.totals.Checkpoints++
		return c.sink.Checkpoint(ctx, event.Partition, event.Cursor)
	case *pb.Progress:
		c.sink.Progress(event.Rows, event.Bytes)
		return nil
	case *pb.Complete:
		return c.complete(event)
	default:
		return &dataplane.Violation{Reason: fmt.Sprintf("the stream holds a %s that nobody expects", frame.Kind)}
	}
}

func (c *consumer) complete(said *pb.Complete) error {
	if !proto.Equal(said, &c.totals) {
		return &dataplane.Violation{Reason: fmt.Sprintf("it says that it sent {%s}, but what arrived is {%s}", said, &c.totals)}
	}
	return nil
}

// file takes only what lies in the folder that the host gave: a link out of it would put a foreign file into a table.
func (c *consumer) file(ctx context.Context, f sdk.File) error {
	if c.staging == nil {
		return &dataplane.Violation{Reason: "it handed over a file where batches were asked for"}
	}
	dir, err := filepath.EvalSymlinks(c.staging.Dir)
	if err != nil {
		return fmt.Errorf("looking at the staging folder: %w", err)
	}
	path, err := filepath.EvalSymlinks(f.Path)
	if err != nil {
		return &dataplane.Violation{Reason: fmt.Sprintf("it handed over a file that can't be found: %v", err)}
	}
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || !strings.HasPrefix(path, dir+string(filepath.Separator)) || f.Rows < 0 {
		return &dataplane.Violation{Reason: fmt.Sprintf("it handed over %q (rows: %d), which is no file in its staging folder", f.Path, f.Rows)}
	}
	if err := checkFooter(path, c.columns, f.Rows); err != nil {
		return unfit(f.Path, err)
	}
	c.totals.Files++
	return c.sink.File(ctx, f)
}
