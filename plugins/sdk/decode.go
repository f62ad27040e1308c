package sdk

import (
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"

	pb "github.com/automic-etl/etl/plugins/proto"
)

func decodeConfig(in *pb.Config) (Config, error) {
	if in == nil {
		return Config{}, errors.New("the host sent no configuration")
	}
	cfg := Config{Address: in.Address, Dir: in.Dir, Project: in.Project, Lakehouse: in.Lakehouse, Mode: in.Mode}
	for _, part := range []struct {
		name string
		from *pb.Value
		to   *cty.Value
	}{
		{"connection", in.Connection, &cfg.Connection}, {"source", in.Source, &cfg.Source}, {"extract", in.Extract, &cfg.Extract},
	} {
		value, err := pb.DecodeValue(part.from)
		if err != nil {
			return Config{}, fmt.Errorf("%s of %s: %w", part.name, in.Address, err)
		}
		*part.to = value
	}
	return cfg, nil
}

func decodePlanRequest(in *pb.PlanRequest) (PlanRequest, error) {
	columns, err := pb.DecodeColumns(in.Columns)
	return PlanRequest{Cursor: in.Cursor, Discarded: in.Discarded, Columns: columns, CacheDir: in.CacheDir}, err
}

func decodeReadRequest(in *pb.ReadRequest) (ReadRequest, error) {
	if in.Data == nil {
		return ReadRequest{}, errors.New("the host named no data plane")
	}
	columns, err := pb.DecodeColumns(in.Columns)
	if err != nil {
		return ReadRequest{}, err
	}
	staging, err := decodeStaging(in.Staging)
	return ReadRequest{
		Columns: columns, Cursor: in.Cursor, Until: in.Until, Partition: in.Partition,
		BatchSize: int(in.BatchSize), MaxBadRows: in.MaxBadRows, Staging: staging,
		KeysOnly: in.KeysOnly,
	}, err
}

func decodeStaging(in *pb.Staging) (*Staging, error) {
	if in == nil {
		return nil, nil
	}
	provenance, err := pb.DecodeColumns(in.Provenance)
	return &Staging{
		Dir: in.Dir, Provenance: provenance, RunID: in.RunId, LoadedAt: in.LoadedAt, Compression: in.Compression,
		TargetBytes: in.TargetBytes, MemoryLimit: in.MemoryLimit, Threads: int(in.Threads),
	}, err
}
