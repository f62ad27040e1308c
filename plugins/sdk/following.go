package sdk

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	pb "github.com/automic-etl/etl/plugins/proto"
)

func (s *server) Prepare(ctx context.Context, in *pb.ConfigRequest) (*pb.DiagnosticsResponse, error) {
	f, err := s.follower("Prepare")
	if err != nil {
		return nil, err
	}
	return s.diagnose(ctx, in, "preparing its source to be followed", f.Prepare)
}

func (s *server) Acknowledge(ctx context.Context, in *pb.AcknowledgeRequest) (*pb.DiagnosticsResponse, error) {
	f, err := s.follower("Acknowledge")
	if err != nil {
		return nil, err
	}
	asked := &pb.ConfigRequest{Call: in.Call, Config: in.Config}
	return s.diagnose(ctx, asked, "telling its source what is committed", func(ctx context.Context, cfg Config) Diagnostics {
		return f.Acknowledge(ctx, cfg, in.Cursor)
	})
}

func (s *server) Release(ctx context.Context, in *pb.ConfigRequest) (*pb.DiagnosticsResponse, error) {
	f, err := s.follower("Release")
	if err != nil {
		return nil, err
	}
	return s.diagnose(ctx, in, "dropping what followed its source", f.Release)
}

// follower refuses the call of a provider that follows nothing as one that knows no such call would.
func (s *server) follower(call string) (Follower, error) {
	f, follows := s.provider.(Follower)
	if !follows {
		return nil, status.Errorf(codes.Unimplemented, "%s is served by providers that follow sources change by change, and this one doesn't", call)
	}
	return f, nil
}
