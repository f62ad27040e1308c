package mongodb

import (
	"encoding/binary"
	"strings"
	"sync"
	"testing"

	"github.com/zclconf/go-cty/cty"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/providers/mongodb"
	"github.com/automic-etl/etl/providers/outputtest"
)

// moments plays a replica set that can read as of a moment: it says so, gives the moment, and takes note of what is asked
// for. The documents come from the stand-in, which knows no moments.
type moments struct {
	mu    sync.Mutex
	given int
	reads []bson.Raw // read concerns of the reads that came after
}

const opQuery, opReply = 2004, 1

func (m *moments) answer(command string, body bson.Raw) bson.D {
	switch strings.ToLower(command) {
	case "hello", "ismaster":
		return replicaSet()
	case "find", "aggregate":
		concern, _ := body.Lookup("readConcern").DocumentOK()
		return m.read(concern, body)
	}
	return nil
}

func (m *moments) read(concern bson.Raw, body bson.Raw) bson.D {
	level, _ := concern.Lookup("level").StringValueOK()
	if level != "snapshot" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, _, ok := concern.Lookup("atClusterTime").TimestampOK(); ok {
		m.reads = append(m.reads, concern)
		return nil
	}
	m.given++
	return bson.D{{Key: "ok", Value: 1.0}, {Key: "cursor", Value: bson.D{{Key: "id", Value: int64(0)}, {Key: "ns", Value: body.Lookup("$db").StringValue() + ".c"},
		{Key: "firstBatch", Value: bson.A{bson.D{{Key: "_id", Value: 0}}}}, {Key: "atClusterTime", Value: bson.Timestamp{T: 77, I: 7}}}}}
}

func replicaSet() bson.D {
	return bson.D{{Key: "ok", Value: 1.0}, {Key: "ismaster", Value: true}, {Key: "isWritablePrimary", Value: true}, {Key: "setName", Value: "rs0"},
		{Key: "hosts", Value: bson.A{"127.0.0.1:1"}}, {Key: "maxWireVersion", Value: int32(17)}, {Key: "minWireVersion", Value: int32(0)},
		{Key: "maxBsonObjectSize", Value: int32(16 << 20)}, {Key: "maxMessageSizeBytes", Value: int32(48_000_000)}, {Key: "maxWriteBatchSize", Value: int32(100_000)},
		{Key: "logicalSessionTimeoutMinutes", Value: int32(30)}}
}

// oldReply answers the message that a driver greets a server with before it knows its version.
func oldReply(message []byte) []byte {
	document, err := bson.Marshal(replicaSet())
	if err != nil {
		return nil
	}
	out := make([]byte, 36, 36+len(document))
	binary.LittleEndian.PutUint32(out, uint32(36+len(document)))
	copy(out[8:], message[4:8])
	binary.LittleEndian.PutUint32(out[12:], opReply)
	binary.LittleEndian.PutUint32(out[32:], 1)
	return append(out, document...)
}

// TestMoment reads a collection in ranges, all of them as of the moment that the server gave for the first.
func TestMoment(t *testing.T) {
	db := newDatabase(t)
	const n = 20_500
	var documents []any
	for i := range n {
		documents = append(documents, bson.D{{Key: "_id", Value: i}})
	}
	insert(t, db.Collection("c"), documents...)
	for _, consistent := range []bool{true, false} {
		m := &moments{}
		p := newProxy(t, nil, m.answer)
		p.greet = oldReply
		cfg := config(db, "c", schema.Batch, values{"consistent": cty.BoolVal(consistent)})
		cfg.Connection = filled(*mongodb.New().Schema().Connection, values{"uri": cty.StringVal(p.uri()), "database": cty.StringVal(db.Name())})
		if got := outputtest.Load(t, mongodb.New(), cfg, true); len(got.Rows) != n {
			t.Errorf("consistent %t: %d rows", consistent, len(got.Rows))
		}
		if consistent != (m.given == 1) || consistent != (len(m.reads) >= 4) {
			t.Errorf("consistent %t: %d moments were given, %d reads were as of one", consistent, m.given, len(m.reads))
		}
		for _, concern := range m.reads {
			if at, i, _ := concern.Lookup("atClusterTime").TimestampOK(); at != 77 || i != 7 {
				t.Errorf("a read is as of %d, %d", at, i)
			}
		}
	}
}
