package host

import (
	"fmt"

	"github.com/zclconf/go-cty/cty"

	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/sdk"
)

func encodeConfig(cfg sdk.Config) (*pb.Config, error) {
	out := &pb.Config{Address: cfg.Address, Dir: cfg.Dir, Project: cfg.Project, Lakehouse: cfg.Lakehouse, Mode: cfg.Mode}
	for _, part := range []struct {
		name string
		from cty.Value
		to   **pb.Value
	}{
		{"connection", cfg.Connection, &out.Connection}, {"source", cfg.Source, &out.Source}, {"extract", cfg.Extract, &out.Extract},
	} {
		value, err := pb.EncodeValue(part.from)
		if err != nil {
			return nil, fmt.Errorf("%s of %s: %w", part.name, cfg.Address, err)
		}
		*part.to = value
	}
	return out, nil
}

func encodeReadRequest(req sdk.ReadRequest) (*pb.ReadRequest, error) {
	columns, err := pb.EncodeColumns(req.Columns)
	if err != nil {
		return nil, fmt.Errorf("encoding the columns to read: %w", err)
	}
	staging, err := encodeStaging(req.Staging)
	if err != nil {
		return nil, err
	}
	return &pb.ReadRequest{
		Columns: columns, Cursor: req.Cursor, Until: req.Until, Partition: req.Partition,
		BatchSize: int64(req.BatchSize), MaxBadRows: req.MaxBadRows, Staging: staging,
		KeysOnly: req.KeysOnly,
	}, nil
}

func encodeStaging(s *sdk.Staging) (*pb.Staging, error) {
	if s == nil {
		return nil, nil
	}
	provenance, err := pb.EncodeColumns(s.Provenance)
	if err != nil {
		return nil, fmt.Errorf("encoding the provenance columns: %w", err)
	}
	return &pb.Staging{
		Dir: s.Dir, Provenance: provenance, RunId: s.RunID, LoadedAt: s.LoadedAt, Compression: s.Compression,
		TargetBytes: s.TargetBytes, MemoryLimit: s.MemoryLimit, Threads: int64(s.Threads),
	}, nil
}
