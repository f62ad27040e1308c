package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Read pumps one partition into a sink and returns nil only when the provider said that it was complete and all of it
// was taken. The provider's own errors come as sdk.Diagnostics, the sink's as they are.
func (c *Client) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, sink Sink) error {
	config, err := encodeConfig(cfg)
	if err != nil {
		return err
	}
	request, err := encodeReadRequest(req)
	if err != nil {
		return err
	}
	r, err := c.host.running(ctx, c.provider)
	if err != nil {
		return err
	}
	read := &reading{running: r, host: c.host, address: cfg.Address, request: req, sink: sink, answered: make(chan struct{})}
	request.Config = config
	return read.run(ctx, request)
}

// reading is one call of Read.
type reading struct {
	*running
	host    *Host
	address string
	request sdk.ReadRequest
	sink    Sink
	// answered is closed when the call has ended.
	answered chan struct{}
}

// run makes the call and takes its frames side by side. What the frames say comes first: the call's own result explains
// a stream that ended too early.
func (r *reading) run(ctx context.Context, request *pb.ReadRequest) error {
	ticket := r.listener.Expect()
	defer ticket.Close()
	request.Data = &pb.DataPlane{Socket: r.listener.Path(), Token: ticket.Token}
	calling, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan error, 1)
	go func() {
		defer close(r.answered)
		answer <- r.ask(calling, request)
	}()
	select {
	case err := <-answer: // without a connection, or with one that came at the same moment
		return r.late(ctx, ticket, err)
	case conn := <-ticket.Arrived():
		taken := r.take(ctx, conn)
		if taken != nil && !early(taken) {
			cancel()
		}
		return r.verdict(ctx, taken, <-answer)
	}
}

// late is for a call that ended before its connection was seen.
func (r *reading) late(ctx context.Context, ticket *dataplane.Ticket, answer error) error {
	if answer != nil {
		return r.verdict(ctx, &ended{io.EOF}, answer)
	}
	select {
	case conn := <-ticket.Arrived():
		return r.verdict(ctx, r.take(ctx, conn), answer)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(graceTime):
		return r.verdict(ctx, &ended{io.EOF}, answer)
	}
}

// ask returns the provider's diagnostics as an error where they are one.
func (r *reading) ask(ctx context.Context, request *pb.ReadRequest) error {
	var out *pb.DiagnosticsResponse
	err := r.call(ctx, r.address, func(ctx context.Context, name string) (err error) {
		request.Call = name
		out, err = r.rpc.Read(ctx, request)
		return err
	})
	if err != nil {
		return err
	}
	ds := decodeDiagnostics(out.Diagnostics)
	if ds.HasErrors() {
		return ds
	}
	for _, d := range ds {
		r.log.Warn(d.String(), "address", r.address)
	}
	return nil
}

// ended is an end of the stream that the plugin itself will explain.
type ended struct{ cause error }

func (e *ended) Error() string { return "the stream ended: " + e.cause.Error() }

// errLingering is a connection that stays open and silent although the call has ended.
var errLingering = errors.New("the connection outlived the call")

func closed(signal <-chan struct{}) bool {
	select {
	case <-signal:
		return true
	default:
		return false
	}
}

func early(err error) bool {
	var end *ended
	return errors.As(err, &end)
}

// verdict is what a read comes to, given how the stream and how the call ended.
func (r *reading) verdict(ctx context.Context, taken, answer error) error {
	var broken *dataplane.Violation
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case taken == nil:
		return answer
	case answer != nil && (early(taken) || errors.Is(taken, errLingering)):
		return answer
	case errors.Is(taken, errLingering):
		return r.died(fmt.Sprintf("it sent nothing for %s after its call had ended", graceTime))
	case early(taken):
		return r.died("it ended its stream without completing it")
	case errors.Is(taken, dataplane.ErrStalled):
		return r.died(fmt.Sprintf("it sent nothing for %s and was stopped", r.host.options.Stall))
	case errors.As(taken, &broken):
		return &ProtocolError{Provider: r.provider, Address: r.address, Reason: broken.Reason}
	default:
		return taken
	}
}

func (r *reading) died(how string) error {
	return &DiedError{Provider: r.provider, Address: r.address, Stderr: r.process.journal.last(), Exit: how}
}

// take pumps the connection into the sink until it is complete.
func (r *reading) take(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	account := r.host.budget.Account()
	defer account.Close()
	reader := dataplane.NewReader(conn, arrowschema.FromColumns(r.request.Columns), r.host.memory, account, r.host.options.Stall)
	frames := make(chan dataplane.Frame, framesAhead)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends what waits in a system call
	defer stop()
	received := make(chan error, 1)
	go func() {
		defer close(frames)
		received <- receive(ctx, reader, frames)
	}()
	over := make(chan struct{})
	defer close(over)
	go r.hurry(reader, over)
	consumer := &consumer{sink: r.sink, account: account, staging: r.request.Staging, origin: Origin{FirstRow: 1}}
	if consumer.staging != nil {
		consumer.columns = staged(r.request.Columns, consumer.staging.Provenance)
	}
	// What arrived before a death still reaches the sink; after an error of the sink, nothing more does.
	if err := consumer.all(ctx, frames); err != nil {
		cancel()
		consumer.drain(frames)
		return err
	}
	err := <-received
	if errors.Is(err, dataplane.ErrStalled) && closed(r.answered) {
		return errLingering
	}
	return err
}

// hurry shortens the patience with a stream whose call has ended: what it sent is in the socket by then.
func (r *reading) hurry(reader *dataplane.Reader, over <-chan struct{}) {
	select {
	case <-r.answered:
		reader.Hurry(graceTime)
	case <-over:
	}
}

// framesAhead is how many frames may wait for the sink; the budget bounds their bytes.
const framesAhead = 16

func receive(ctx context.Context, reader *dataplane.Reader, frames chan<- dataplane.Frame) error {
	for {
		frame, err := reader.Next(ctx)
		if ctx.Err() != nil {
			frame.Release()
			return ctx.Err()
		}
		if err != nil {
			return lost(err)
		}
		select {
		case frames <- frame:
		case <-ctx.Done():
			frame.Release()
			return ctx.Err()
		}
		if frame.Kind == dataplane.Complete {
			return nil
		}
	}
}

// lost tells what the plugin did wrong from a connection that broke.
func lost(err error) error {
	var broken *dataplane.Violation
	if errors.As(err, &broken) || errors.Is(err, dataplane.ErrStalled) {
		return err
	}
	return &ended{err}
}
