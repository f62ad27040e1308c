package mongodb

import (
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/bsonvalue"
	"github.com/automic-etl/etl/providers/delivery"
)

// Limits of a batch.
const (
	chunkRows  = 16 << 10
	chunkBytes = 8 << 20
	// slabBytes are allocated at once for copies of documents.
	slabBytes = 128 << 10
)

// chunk are documents on their way to become a batch.
type chunk struct {
	documents [][]byte
	slab      []byte // the documents that came last lie in it
	bytes     int64
}

// add keeps a copy: the driver reads the next documents into the same place.
func (c *chunk) add(document bson.Raw) {
	if len(document) > cap(c.slab)-len(c.slab) {
		c.slab = make([]byte, 0, max(slabBytes, len(document)))
	}
	from := len(c.slab)
	c.slab = append(c.slab, document...)
	c.documents = append(c.documents, c.slab[from:len(c.slab):len(c.slab)])
	c.bytes += int64(len(document))
}

func (c *chunk) full(batchSize int) bool {
	return len(c.documents) >= chunkRows || c.bytes >= chunkBytes || batchSize > 0 && len(c.documents) >= batchSize
}

// rows are a batch, and the documents that are no rows.
type rows struct {
	record arrow.RecordBatch
	bad    []sdk.BadRow
	left   [][]byte // to the next read
	bytes  int64
	chunk  chunk
}

// converter makes rows of documents. It serves one goroutine.
type converter struct {
	source   string
	builder  *array.RecordBuilder
	appender *bsonvalue.Appender
	left     bool // the document that was appended last is to be left to the next read
}

func newConverter(columns coltype.Schema, source string, unplaced func([]byte) bool) *converter {
	c := &converter{source: source, builder: array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))}
	c.appender = bsonvalue.NewAppender(columns, func(name []byte) { c.left = unplaced(name) || c.left })
	return c
}

// rows makes a batch. Documents that turn out not to fit are taken out by doing it again without them: that happens to
// few batches.
func (c *converter) rows(full chunk) (*rows, error) {
	out := &rows{bytes: full.bytes, chunk: full}
	good := full.documents
	for {
		fit := good[:0:0]
		misfits := 0
		for _, document := range good {
			c.left = false
			err := c.appender.Append(c.builder.Fields(), document)
			switch {
			case c.left:
				misfits++
				out.left = append(out.left, document)
			case err != nil:
				misfits++
				out.bad = append(out.bad, badRow(document, c.source, err.Error()))
			default:
				fit = append(fit, document)
			}
		}
		out.record = c.builder.NewRecordBatch()
		if misfits == 0 {
			return out, nil
		}
		out.record.Release()
		good = fit
	}
}

// badRow is a document that can't be represented.
func badRow(document []byte, source, reason string) sdk.BadRow {
	return sdk.BadRow{Raw: bsonvalue.JSON(document), Reason: reason, Source: source, Position: position(bsonvalue.Find(document, idField))}
}

// position names a document by its key.
func position(id bsonvalue.Value) string {
	const most = 200
	text, err := id.Text()
	if err != nil {
		text = []byte(id.Shown())
	}
	return fmt.Sprintf("key _id=%s", delivery.Printable(string(text), most))
}
