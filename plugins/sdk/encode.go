package sdk

import (
	"fmt"
	"strings"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// printable keeps text that quotes a source's bytes from breaking a message: protobuf takes UTF-8 only.
func printable(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func printableAll(texts []string) []string {
	out := make([]string, len(texts))
	for i, text := range texts {
		out[i] = printable(text)
	}
	return out
}

func encodeDiagnostics(ds Diagnostics) []*pb.Diagnostic {
	out := make([]*pb.Diagnostic, len(ds))
	for i, d := range ds {
		severity := pb.Diagnostic_ERROR
		if d.Severity == SeverityWarning {
			severity = pb.Diagnostic_WARNING
		}
		out[i] = &pb.Diagnostic{
			Severity: severity, Summary: printable(d.Summary), Detail: printable(d.Detail), Path: printableAll(d.Path),
		}
	}
	return out
}

func encodeStreams(streams []Stream) ([]*pb.Stream, error) {
	out := make([]*pb.Stream, len(streams))
	for i, s := range streams {
		columns, err := pb.EncodeColumns(s.Columns)
		if err != nil {
			return nil, fmt.Errorf("stream %s: %w", s.Name, err)
		}
		out[i] = &pb.Stream{Name: printable(s.Name), Columns: columns, Cursors: printableAll(s.Cursors), Unindexed: printableAll(s.Unindexed), Rows: s.Rows, Bytes: s.Bytes}
		for _, key := range s.Keys {
			out[i].Keys = append(out[i].Keys, &pb.Key{Columns: printableAll(key)})
		}
		for name, text := range s.Attributes {
			if out[i].Attributes == nil {
				out[i].Attributes = map[string]string{}
			}
			out[i].Attributes[name] = printable(text)
		}
	}
	return out, nil
}

// encodePlan takes nil for a plan that failed.
func encodePlan(plan *PlanResponse, ds Diagnostics) (*pb.PlanResponse, error) {
	out := &pb.PlanResponse{Diagnostics: encodeDiagnostics(ds)}
	if plan == nil {
		return out, nil
	}
	columns, err := pb.EncodeColumns(plan.Columns)
	if err != nil {
		return nil, err
	}
	out.Planned, out.Columns, out.Until = true, columns, plan.Until
	out.Resumable, out.Changed, out.AtLeast = plan.Resumable, plan.Changed, plan.AtLeast
	out.Rows, out.Bytes = plan.Rows, plan.Bytes
	out.Position, out.Fingerprint = printable(plan.Position), plan.Fingerprint
	out.Partitions, out.Warnings = plan.Partitions, encodeDiagnostics(plan.Warnings)
	out.FieldChanges = printableAll(plan.FieldChanges)
	out.Key, out.Creates, out.Snapshot, out.Lost = plan.Key, printableAll(plan.Creates), plan.Snapshot, printableAll(plan.Lost)
	if plan.Overlap != nil {
		out.Overlap = &pb.Overlap{Column: plan.Overlap.Column, From: plan.Overlap.From}
	}
	return out, nil
}
