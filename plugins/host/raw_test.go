package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/conformance/numbers"
	"github.com/automic-etl/etl/plugins/dataplane"
	"github.com/automic-etl/etl/plugins/host"
	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// raw speaks the protocol without the SDK, and badly: what it sends is named by the partition that is asked for.
type raw struct {
	plugin.NetRPCUnsupportedPlugin
	pb.UnimplementedProviderServer
}

func serveRaw() {
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: pb.Handshake(), Plugins: plugin.PluginSet{pb.Service: raw{}}, GRPCServer: plugin.DefaultGRPCServer,
	})
	os.Exit(0)
}

func (r raw) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	pb.RegisterProviderServer(g, r)
	return nil
}

func (raw) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, errors.ErrUnsupported
}

func (raw) Open(context.Context, *pb.OpenRequest) (*pb.OpenResponse, error) {
	description := numbers.Provider{}.Schema()
	description.Name = "raw"
	text, err := json.Marshal(description)
	return &pb.OpenResponse{Schema: text}, err
}

func (raw) Read(ctx context.Context, in *pb.ReadRequest) (*pb.DiagnosticsResponse, error) {
	conn, err := dataplane.Dial(ctx, in.Data.Socket, in.Data.Token)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return &pb.DiagnosticsResponse{}, send(conn, in)
}

func send(conn net.Conn, in *pb.ReadRequest) error {
	long := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Int64}}, nil)
	float := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.PrimitiveTypes.Float64}}, nil)
	writer := dataplane.NewWriter(conn, long)
	complete := &pb.Complete{}
	switch in.Partition {
	case "silent":
		return nil
	case "incomplete":
		return writer.Batch(batch(long))
	case "wrong schema":
		return errors.Join(dataplane.NewWriter(conn, float).Batch(batch(float)), writer.Event(dataplane.Complete, complete))
	case "nulls":
		return writer.Batch(nulls(long))
	case "garbage":
		_, err := conn.Write([]byte(strings.Repeat("no frame at all ", 10)))
		return err
	case "second token":
		time.Sleep(100 * time.Millisecond) // else either of the two may be the first
		_, err := dataplane.Dial(context.Background(), in.Data.Socket, in.Data.Token)
		if err == nil { // dialling works, but nobody listens to what is said there
			err = writer.Event(dataplane.Complete, complete)
		}
		return err
	case "left open": // somebody holds the connection when the call is over
		file, err := conn.(*net.UnixConn).File()
		runtime.KeepAlive(file)
		time.AfterFunc(time.Hour, func() { file.Close() })
		return err
	case "lost rows":
		complete.Rows = 2
		return errors.Join(writer.Batch(batch(long)), writer.Event(dataplane.Complete, complete))
	case "file", "file of other rows", "file of other ids", "file of other columns", "no Parquet":
		path, err := parquetFile(in)
		complete.Files = 1
		return errors.Join(err, writer.Event(dataplane.File, &pb.File{Path: path, Rows: 1}), writer.Event(dataplane.Complete, complete))
	case "unwanted file", "foreign file":
		return writer.Event(dataplane.File, &pb.File{Path: "/etc/passwd", Rows: 1})
	case "link":
		link := filepath.Join(in.Staging.Dir, "link")
		return errors.Join(os.Symlink("/etc/passwd", link), writer.Event(dataplane.File, &pb.File{Path: link, Rows: 1}))
	case "cut":
		_, err := conn.Write([]byte{byte(dataplane.Checkpoint), 0, 0, 0, 200, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1})
		return err
	}
	return nil
}

func batch(schema *arrow.Schema) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	if err := builder.Field(0).AppendValueFromString("1"); err != nil {
		panic(err)
	}
	return builder.NewRecordBatch()
}

func nulls(schema *arrow.Schema) arrow.RecordBatch {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).AppendNull()
	return builder.NewRecordBatch()
}

// parquetFile writes one row with the asked columns into the staging folder, or something close to it.
func parquetFile(in *pb.ReadRequest) (string, error) {
	columns, err := pb.DecodeColumns(in.Columns)
	if err != nil {
		return "", err
	}
	provenance, err := pb.DecodeColumns(in.Staging.Provenance)
	if err != nil {
		return "", err
	}
	columns = append(columns, provenance...)
	switch in.Partition {
	case "file of other ids":
		columns[1].Type.Elem.ID = 77
	case "file of other columns":
		columns[0].Type = coltype.Of(coltype.Int)
	}
	path := filepath.Join(in.Staging.Dir, "part.parquet")
	if in.Partition == "no Parquet" {
		return path, os.WriteFile(path, []byte("PAR1 and nothing more PAR1"), 0o600)
	}
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))
	defer builder.Release()
	for range map[bool]int{true: 2, false: 1}[in.Partition == "file of other rows"] {
		for _, field := range builder.Fields() {
			field.AppendEmptyValue()
		}
	}
	rows := builder.NewRecordBatch()
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	writer, err := pqarrow.NewFileWriter(rows.Schema(), file, nil, pqarrow.DefaultWriterProps())
	if err != nil {
		return "", err
	}
	return path, errors.Join(writer.Write(rows), writer.Close())
}

func TestFinishedFiles(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "raw")
	tags := coltype.ListOf(coltype.Of(coltype.UUID))
	tags.Elem.ID = 3
	columns := coltype.Schema{{ID: 1, Name: "n", Type: coltype.Of(coltype.Long)}, {ID: 2, Name: "tags", Type: tags}}
	for i, typ := range []coltype.Type{
		coltype.MapOf(coltype.Of(coltype.String), coltype.DecimalOf(20, 4)), coltype.Of(coltype.Timestamp), coltype.Of(coltype.Binary),
		coltype.StructOf(coltype.Field{ID: 20, Name: "a", Type: coltype.Of(coltype.Date)}), coltype.Of(coltype.Time), coltype.Of(coltype.Boolean),
	} {
		columns = append(columns, coltype.Field{ID: 10 + i, Name: typ.String(), Type: typ})
	}
	for partition, want := range map[string]string{
		"file":                  "",
		"file of other rows":    "its number of rows is 2 where 1 was stated",
		"file of other ids":     `its column "tags.element" has the field id 77 where 3 was given`,
		"file of other columns": `its column "n" is int where long was asked for`,
		"no Parquet":            "it is no Parquet file",
	} {
		staging := &sdk.Staging{Dir: t.TempDir(), Provenance: coltype.Schema{{ID: 9, Name: "_etl_loaded_at", Type: coltype.Of(coltype.Timestamptz)}}}
		var s sink
		err := c.Read(t.Context(), config(c, rows(1)), sdk.ReadRequest{Columns: columns, Partition: partition, Staging: staging}, &s)
		if (err == nil) != (want == "") || (err != nil && !strings.Contains(err.Error(), want)) || (err == nil && len(s.files) != 1) {
			t.Errorf("%s gave %v", partition, err)
		}
	}
}

func TestBreachesOfTheProtocol(t *testing.T) {
	h, _ := open(t, host.Options{})
	c := client(t, h, "raw")
	columns := coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long), Required: true}}
	for partition, want := range map[string]string{
		"silent":        "it ended its stream without completing it",
		"left open":     "it sent nothing for 5s after its call had ended",
		"incomplete":    "it ended its stream without completing it",
		"cut":           "it ended its stream without completing it",
		"wrong schema":  `column "n" of the batch is float64 where int64 was asked for`,
		"nulls":         `column "n" is required and holds 1 nulls`,
		"garbage":       "this version of etl does not know",
		"lost rows":     "it says that it sent {rows:2}, but what arrived is {rows:1}",
		"unwanted file": "it handed over a file where batches were asked for",
		"foreign file":  "which is no file in its staging folder",
		"link":          "which is no file in its staging folder",
	} {
		req := sdk.ReadRequest{Columns: columns, Partition: partition}
		if partition == "foreign file" || partition == "link" {
			req.Staging = &sdk.Staging{Dir: t.TempDir()}
		}
		err := c.Read(t.Context(), config(c, rows(1)), req, &sink{})
		var died *host.DiedError
		var broke *host.ProtocolError
		if err == nil || (!errors.As(err, &died) && !errors.As(err, &broke)) ||
			!strings.Contains(strings.ReplaceAll(err.Error(), "  ", " "), want) {
			t.Errorf("%s gave %v", partition, err)
		}
	}
	if err := c.Read(t.Context(), config(c, rows(1)), sdk.ReadRequest{Columns: columns, Partition: "second token"}, &sink{}); err != nil {
		t.Errorf("a second connection with the token did harm: %v", err)
	}
	_, _, err := c.Plan(t.Context(), config(c, rows(1)), sdk.PlanRequest{})
	if err == nil || !strings.Contains(err.Error(), "Plan") {
		t.Errorf("a call that isn't served gave %v", err)
	}
}
