package host

import (
	"fmt"

	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/sdk"
)

func decodeDiagnostics(in []*pb.Diagnostic) sdk.Diagnostics {
	var out sdk.Diagnostics
	for _, d := range in {
		severity := sdk.SeverityError
		if d.Severity == pb.Diagnostic_WARNING {
			severity = sdk.SeverityWarning
		}
		out = append(out, sdk.Diagnostic{Severity: severity, Summary: d.Summary, Detail: d.Detail, Path: d.Path})
	}
	return out
}

func decodeStreams(in []*pb.Stream) ([]sdk.Stream, error) {
	out := make([]sdk.Stream, len(in))
	for i, s := range in {
		columns, err := pb.DecodeColumns(s.Columns)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", s.Name, err)
		}
		out[i] = sdk.Stream{Name: s.Name, Columns: columns, Cursors: s.Cursors, Unindexed: s.Unindexed, Rows: s.Rows, Bytes: s.Bytes, Attributes: s.Attributes}
		for _, key := range s.Keys {
			out[i].Keys = append(out[i].Keys, key.Columns)
		}
	}
	return out, nil
}

func decodePlan(in *pb.PlanResponse) (*sdk.PlanResponse, error) {
	columns, err := pb.DecodeColumns(in.Columns)
	if err != nil {
		return nil, err
	}
	return &sdk.PlanResponse{
		Columns: columns, Resumable: in.Resumable, Changed: in.Changed, Rows: in.Rows, Bytes: in.Bytes, AtLeast: in.AtLeast,
		Until: in.Until, Position: in.Position, Fingerprint: in.Fingerprint, Partitions: in.Partitions,
		Warnings: decodeDiagnostics(in.Warnings), FieldChanges: in.FieldChanges,
		Key: in.Key, Overlap: decodeOverlap(in.Overlap), Creates: in.Creates, Snapshot: in.Snapshot, Lost: in.Lost,
	}, nil
}

func decodeOverlap(in *pb.Overlap) *sdk.Overlap {
	if in == nil {
		return nil
	}
	return &sdk.Overlap{Column: in.Column, From: in.From}
}

func decodeBad(in *pb.BadRows) []sdk.BadRow {
	out := make([]sdk.BadRow, len(in.Rows))
	for i, row := range in.Rows {
		out[i] = sdk.BadRow{Raw: row.Raw, Reason: row.Reason, Source: row.Source, Position: row.Position}
	}
	return out
}
