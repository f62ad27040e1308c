package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
)

// server puts a Provider behind the control plane.
type server struct {
	pb.UnimplementedProviderServer
	provider Provider
	calls    calls
	opened   func() // what can only be done once go-plugin has taken the standard streams
}

func newServer(p Provider, opened func()) *server {
	return &server{provider: p, calls: calls{running: map[string]*call{}}, opened: opened}
}

func (s *server) Open(context.Context, *pb.OpenRequest) (*pb.OpenResponse, error) {
	s.opened()
	description := s.provider.Schema()
	text, err := json.Marshal(description)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encoding the schema: %v", err)
	}
	c := s.provider.Capabilities()
	_, follow := s.provider.(Follower)
	return &pb.OpenResponse{
		Schema: text,
		Capabilities: &pb.Capabilities{
			Replay: c.Replay, Bounds: c.Bounds, Partitions: c.Partitions, Files: c.Files, Follow: follow,
		},
		Sdk: fmt.Sprintf("go/%d", pb.Version),
	}, nil
}

// guard runs a provider's method. What it panics with becomes a diagnostic; the stack goes to the log.
func (s *server) guard(ctx context.Context, doing string, method func() Diagnostics) (ds Diagnostics) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		slog.ErrorContext(ctx, "the provider panicked", "doing", doing, "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
		ds = append(ds, Error("The provider met a fault of its own", fmt.Sprintf(
			"It panicked while %s: %v. This is a bug in the provider; the log has the place in its code.", doing, cause)))
	}()
	return method()
}

// begin decodes what all calls have.
func (s *server) begin(ctx context.Context, name string, in *pb.Config) (context.Context, Config, func(), error) {
	cfg, err := decodeConfig(in)
	if err != nil {
		return ctx, cfg, nil, status.Error(codes.InvalidArgument, err.Error())
	}
	ctx, end := s.calls.begin(withAddress(ctx, cfg.Address), name)
	return ctx, cfg, end, nil
}

func (s *server) Validate(ctx context.Context, in *pb.ConfigRequest) (*pb.DiagnosticsResponse, error) {
	return s.diagnose(ctx, in, "validating its block", s.provider.Validate)
}

func (s *server) Check(ctx context.Context, in *pb.ConfigRequest) (*pb.DiagnosticsResponse, error) {
	return s.diagnose(ctx, in, "checking its source", s.provider.Check)
}

func (s *server) diagnose(ctx context.Context, in *pb.ConfigRequest, doing string,
	method func(context.Context, Config) Diagnostics) (*pb.DiagnosticsResponse, error) {
	ctx, cfg, end, err := s.begin(ctx, in.Call, in.Config)
	if err != nil {
		return nil, err
	}
	defer end()
	ds := s.guard(ctx, doing, func() Diagnostics { return method(ctx, cfg) })
	return &pb.DiagnosticsResponse{Diagnostics: encodeDiagnostics(ds)}, nil
}

func (s *server) Discover(ctx context.Context, in *pb.ConfigRequest) (*pb.DiscoverResponse, error) {
	ctx, cfg, end, err := s.begin(ctx, in.Call, in.Config)
	if err != nil {
		return nil, err
	}
	defer end()
	var streams []Stream
	ds := s.guard(ctx, "listing what its source offers", func() (ds Diagnostics) {
		streams, ds = s.provider.Discover(ctx, cfg)
		return ds
	})
	encoded, err := encodeStreams(streams)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return &pb.DiscoverResponse{Streams: encoded, Diagnostics: encodeDiagnostics(ds)}, nil
}

func (s *server) Plan(ctx context.Context, in *pb.PlanRequest) (*pb.PlanResponse, error) {
	ctx, cfg, end, err := s.begin(ctx, in.Call, in.Config)
	if err != nil {
		return nil, err
	}
	defer end()
	req, err := decodePlanRequest(in)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	var plan *PlanResponse
	ds := s.guard(ctx, "planning a read", func() (ds Diagnostics) {
		plan, ds = s.provider.Plan(ctx, cfg, req)
		return ds
	})
	if plan == nil && !ds.HasErrors() && ctx.Err() == nil {
		ds = append(ds, Error("The provider planned nothing", "It returned neither a plan nor an error. This is a bug in the provider."))
	}
	out, err := encodePlan(plan, ds)
	if err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	return out, nil
}

func (s *server) Read(ctx context.Context, in *pb.ReadRequest) (*pb.DiagnosticsResponse, error) {
	ctx, cfg, end, err := s.begin(ctx, in.Call, in.Config)
	if err != nil {
		return nil, err
	}
	defer end()
	req, err := decodeReadRequest(in)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	conn, err := dataplane.Dial(ctx, in.Data.Socket, in.Data.Token)
	if err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	defer conn.Close()
	// A write that waits for the host ends when the call is cancelled.
	stop := context.AfterFunc(ctx, func() { _ = conn.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	ds := s.read(ctx, cfg, req, newStream(conn, req))
	return &pb.DiagnosticsResponse{Diagnostics: encodeDiagnostics(ds)}, nil
}

func (s *server) read(ctx context.Context, cfg Config, req ReadRequest, out *stream) Diagnostics {
	ds := s.guard(ctx, "reading", func() Diagnostics {
		return diagnosticsOf(s.provider.Read(ctx, cfg, req, out), "reading")
	})
	if !ds.HasErrors() {
		ds = append(ds, diagnosticsOf(out.complete(ctx), "reading")...)
	}
	return ds
}

func (s *server) Stop(ctx context.Context, in *pb.StopRequest) (*pb.StopResponse, error) {
	if err := s.calls.stop(ctx, in.Call); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	return &pb.StopResponse{}, nil
}

func (s *server) Ping(context.Context, *pb.PingRequest) (*pb.PingResponse, error) {
	return &pb.PingResponse{Goroutines: int64(runtime.NumGoroutine())}, nil
}
