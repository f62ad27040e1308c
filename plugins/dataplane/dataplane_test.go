package dataplane_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
)

func schema() *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "n", Type: arrow.PrimitiveTypes.Int64},
		{Name: "text", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "tags", Type: arrow.ListOf(arrow.BinaryTypes.String), Nullable: true},
		{Name: "price", Type: &arrow.Decimal128Type{Precision: 5, Scale: 2}, Nullable: true},
		{Name: "by", Type: arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32), Nullable: true},
		{Name: "at", Type: arrow.StructOf(arrow.Field{Name: "x", Type: arrow.FixedWidthTypes.Boolean, Nullable: true}), Nullable: true},
	}, nil)
}

func fromJSON(t testing.TB, schema *arrow.Schema, text string) arrow.RecordBatch {
	t.Helper()
	rows, _, err := array.RecordFromJSON(memory.DefaultAllocator, schema, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func example(t testing.TB) arrow.RecordBatch {
	return fromJSON(t, schema(), `[
		{"n": 1, "text": "a", "tags": ["x", null], "price": "1.25", "by": [{"key": "k", "value": 1}], "at": {"x": true}},
		{"n": 2, "text": null, "tags": [], "price": null, "by": [], "at": {"x": null}},
		{"n": 3, "text": "", "tags": null, "price": "-999.99", "by": null, "at": null}]`)
}

// pair is both ends of a connection that was admitted by token.
func pair(t testing.TB) (plugin, host net.Conn) {
	t.Helper()
	l := listener(t)
	ticket := l.Expect()
	plugin, err := dataplane.Dial(t.Context(), l.Path(), ticket.Token)
	if err != nil {
		t.Fatal(err)
	}
	host = <-ticket.Arrived()
	t.Cleanup(func() {
		plugin.Close()
		host.Close()
	})
	return plugin, host
}

func listener(t testing.TB) *dataplane.Listener {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "etl")
	if err != nil {
		t.Fatal(err)
	}
	l, err := dataplane.Listen(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		l.Close()
		os.RemoveAll(dir)
	})
	return l
}

func reader(conn net.Conn, schema *arrow.Schema) *dataplane.Reader {
	return dataplane.NewReader(conn, schema, dataplane.NewMemory(1<<20), dataplane.NewBudget(1<<30).Account(), 5*time.Second)
}

func TestFramesArriveInOrder(t *testing.T) {
	plugin, conn := pair(t)
	rows := example(t)
	slice := rows.NewSlice(1, 3)
	sent := example(t) // arrays count their nulls when they are first asked, so each side has its own
	go func() {
		w := dataplane.NewWriter(plugin, schema())
		err := errors.Join(
			w.Event(dataplane.Origin, &pb.Origin{Source: "a.csv", FirstRow: 7}), w.Batch(sent),
			w.Event(dataplane.Checkpoint, &pb.Checkpoint{Cursor: []byte{1}}), w.Batch(sent.NewSlice(1, 3)),
			w.Event(dataplane.Complete, &pb.Complete{Rows: 5}), plugin.Close())
		if err != nil {
			t.Error(err)
		}
	}()
	r := reader(conn, schema())
	var order []string
	for {
		frame, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, frame.Kind.String())
		if frame.Kind != dataplane.Batch {
			continue
		}
		want := rows
		if frame.Rows.NumRows() == 2 {
			want = slice
		}
		if !array.RecordEqual(frame.Rows, want) {
			t.Errorf("got %v, want %v", frame.Rows, want)
		}
		frame.Release()
	}
	if got := strings.Join(order, " "); got != "origin batch checkpoint batch complete" {
		t.Errorf("the order was %s", got)
	}
}

// Field ids, docs and what the elements of lists are called are the host's business: what is stored alike fits.
func TestTheHostsSchemaWins(t *testing.T) {
	plugin, conn := pair(t)
	theirs := arrow.NewSchema([]arrow.Field{
		{Name: "l", Type: arrow.ListOfField(arrow.Field{Name: "array", Type: arrow.PrimitiveTypes.Int32})},
	}, nil)
	ours := arrow.NewSchema([]arrow.Field{
		{Name: "l", Type: arrow.ListOfField(arrow.Field{Name: "element", Type: arrow.PrimitiveTypes.Int32, Nullable: true,
			Metadata: arrow.MetadataFrom(map[string]string{"PARQUET:field_id": "2"})}), Nullable: true},
	}, nil)
	if err := dataplane.NewWriter(plugin, theirs).Batch(fromJSON(t, theirs, `[{"l": [1, 2]}]`)); err != nil {
		t.Fatal(err)
	}
	frame, err := reader(conn, ours).Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer frame.Release()
	if got := frame.Rows.Schema(); !got.Equal(ours) || !arrow.TypeEqual(frame.Rows.Column(0).DataType(), ours.Field(0).Type, arrow.CheckMetadata()) {
		t.Errorf("the batch has the schema %s", got)
	}
}

func TestFits(t *testing.T) {
	field := func(name string, typ arrow.DataType) arrow.Field { return arrow.Field{Name: name, Type: typ} }
	want := arrow.NewSchema([]arrow.Field{
		field("a", arrow.PrimitiveTypes.Int64), field("m", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int32)),
		field("s", arrow.StructOf(field("x", arrow.PrimitiveTypes.Float32))), field("t", arrow.FixedWidthTypes.Timestamp_us),
	}, nil)
	replace := func(i int, f arrow.Field) *arrow.Schema {
		fields := want.Fields()
		fields[i] = f
		return arrow.NewSchema(fields, nil)
	}
	for _, c := range []struct {
		got  *arrow.Schema
		want string
	}{
		{want, ""},
		{arrow.NewSchema(want.Fields()[:3], nil), `lacks the column "t"`},
		{arrow.NewSchema(append(want.Fields(), field("z", arrow.Null)), nil), `is "z", which was not asked for`},
		{replace(0, field("b", arrow.PrimitiveTypes.Int64)), `is "b" where "a" was asked for`},
		{replace(0, field("a", arrow.PrimitiveTypes.Uint64)), "is uint64 where int64"},
		{replace(1, field("m", arrow.MapOf(arrow.BinaryTypes.String, arrow.PrimitiveTypes.Int64))), `column "m"`},
		{replace(2, field("s", arrow.StructOf(field("y", arrow.PrimitiveTypes.Float32)))), `column "s"`},
		{replace(2, field("s", arrow.StructOf())), `column "s"`},
		{replace(3, field("t", arrow.FixedWidthTypes.Timestamp_ms)), `column "t"`},
		{replace(3, field("t", &arrow.TimestampType{Unit: arrow.Microsecond})), `column "t"`},
	} {
		err := dataplane.Fits(want, c.got)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s gave %v", c.got, err)
		}
	}
}

func TestLargeBatchesAreSplit(t *testing.T) {
	plugin, conn := pair(t)
	one := arrow.NewSchema([]arrow.Field{{Name: "b", Type: arrow.BinaryTypes.Binary}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, one)
	for range 100 {
		builder.Field(0).(*array.BinaryBuilder).Append(make([]byte, 1<<20))
	}
	go func() {
		if err := errors.Join(dataplane.NewWriter(plugin, one).Batch(builder.NewRecordBatch()), plugin.Close()); err != nil {
			t.Error(err)
		}
	}()
	r := reader(conn, one)
	var rows, frames int64
	for {
		frame, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || frame.Size > 33<<20 {
			t.Fatal(frame.Size, err)
		}
		rows, frames = rows+frame.Rows.NumRows(), frames+1
		frame.Release()
	}
	if rows != 100 || frames != 4 {
		t.Errorf("got %d rows in %d frames", rows, frames)
	}
}

func TestOnlyTokensAreAdmitted(t *testing.T) {
	l := listener(t)
	used, cancelled, open := l.Expect(), l.Expect(), l.Expect()
	cancelled.Close()
	admitted := func(token []byte) bool {
		conn, err := dataplane.Dial(t.Context(), l.Path(), token)
		if err != nil {
			return false
		}
		defer conn.Close()
		conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		_, err = conn.Read(make([]byte, 1)) // who is refused is cut off
		return !errors.Is(err, io.EOF)
	}
	if !admitted(used.Token) || admitted(used.Token) || admitted(cancelled.Token) || admitted(make([]byte, 32)) || admitted(nil) {
		t.Error("a token must admit once, and nothing else may")
	}
	if !admitted(open.Token) {
		t.Error("a guest was refused after others were")
	}
}

func TestStalledAndHurried(t *testing.T) {
	_, conn := pair(t)
	r := dataplane.NewReader(conn, schema(), dataplane.NewMemory(0), dataplane.NewBudget(1).Account(), 20*time.Millisecond)
	if _, err := r.Next(t.Context()); !errors.Is(err, dataplane.ErrStalled) {
		t.Errorf("got %v", err)
	}
	_, conn = pair(t)
	r = reader(conn, schema())
	time.AfterFunc(20*time.Millisecond, func() { r.Hurry(10 * time.Millisecond) })
	if _, err := r.Next(t.Context()); !errors.Is(err, dataplane.ErrStalled) {
		t.Errorf("got %v", err)
	}
}

func TestBudget(t *testing.T) {
	b := dataplane.NewBudget(100)
	one, two := b.Account(), b.Account()
	take := func(a *dataplane.Account, n int64) bool {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		return a.Take(ctx, n) == nil
	}
	if !take(one, 90) || take(one, 11) || !take(one, 10) {
		t.Error("one account must stay within the budget")
	}
	if !take(two, 500) || take(two, 1) {
		t.Error("a second account must get one frame of any size, and no more")
	}
	two.Give(500)
	one.Give(90)
	if !take(two, 1) || b.Peak() != 600 {
		t.Errorf("bytes that came back can't be used, or the peak of %d is wrong", b.Peak())
	}
	one.Close()
	two.Close()
	if three := b.Account(); !take(three, 60) || !take(three, 40) {
		t.Error("a closed account kept bytes")
	}
}

func TestBudgetWakesWhoWaits(t *testing.T) {
	b := dataplane.NewBudget(10)
	one := b.Account()
	if err := one.Take(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	taken := make(chan error)
	go func() { taken <- one.Take(t.Context(), 10) }()
	one.Give(10)
	if err := <-taken; err != nil {
		t.Error(err)
	}
}
