package host

import (
	"context"
	"crypto/rand"
	"errors"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// call makes one call. If ctx ends first, the plugin is told, and has five seconds to return from its method; then its
// process group is killed. What fails is explained by what became of the process.
func (r *running) call(ctx context.Context, address string, method func(ctx context.Context, name string) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rpc, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	name := rand.Text()
	done := make(chan error, 1)
	go func() { done <- method(rpc, name) }()
	select {
	case err := <-done:
		return r.explain(address, err)
	case <-ctx.Done():
		r.stop(rpc, name, address, done)
		return ctx.Err()
	}
}

func (r *running) stop(ctx context.Context, name, address string, done <-chan error) {
	late := time.NewTimer(graceTime)
	defer late.Stop()
	stopping, cancel := context.WithTimeout(ctx, graceTime)
	defer cancel()
	go func() { _, _ = r.rpc.Stop(stopping, &pb.StopRequest{Call: name}) }()
	select {
	case err := <-done:
		r.log.Debug("a cancelled call ended", "address", address, "error", err)
	case <-late.C:
		r.log.Warn("the provider did not stop when it was cancelled; its processes were ended", "address", address)
		r.dump()
		r.kill()
	}
}

// dumpTime is how long a process may take to print its stacks.
const dumpTime = time.Second

// dump makes a program in Go end with its stacks on standard error, and so in the log: they tell where it hangs.
func (r *running) dump() {
	if r.process.signal(syscall.SIGQUIT) != nil {
		return
	}
	select {
	case <-r.process.exited:
	case <-time.After(dumpTime):
	}
}

// kill returns when the process is gone, so that the next call starts another: one that lingers for longer is past help.
func (r *running) kill() {
	_ = r.process.Kill(context.Background())
	_, _ = r.exit()
}

// explain turns an error of the transport into what happened.
func (r *running) explain(address string, err error) error {
	switch status.Code(err) {
	case codes.OK:
		return nil
	case codes.Unavailable, codes.Canceled, codes.DeadlineExceeded:
		return r.died(address)
	case codes.Unimplemented:
		return &UnsupportedError{Provider: r.provider, Address: address, Reason: status.Convert(err).Message()}
	case codes.Unknown:
		if errors.Is(err, context.Canceled) {
			return r.died(address)
		}
	}
	return &ProtocolError{Provider: r.provider, Address: address, Reason: status.Convert(err).Message()}
}

// died says how the process ended; one that lost its connection and lives is of no use and is ended.
func (r *running) died(address string) error {
	exit, ended := r.exit()
	if !ended || r.silent.Load() {
		exit = "it stopped answering and was ended"
		r.kill()
	}
	return &DiedError{Provider: r.provider, Address: address, Stderr: r.process.journal.last(), Exit: exit}
}
