package column

import (
	"errors"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/jsonvalue"
)

// documents is a column of a nested type that JSON is read as. Its builder can't take values back, so the texts are kept
// as well: where some were taken back, the column is built again of the others.
type documents struct {
	want    coltype.Type
	builder array.Builder
	data    []byte
	ends    []int // of each value's text
	nulls   map[int]bool
}

func newDocuments(t arrow.DataType, want coltype.Type) Column {
	return &documents{want: want, builder: array.NewBuilder(memory.DefaultAllocator, t), nulls: map[int]bool{}}
}

func (c *documents) Append(value []byte) error {
	if err := jsonvalue.AppendText(c.builder, value, c.want, ""); err != nil {
		return errDocument
	}
	c.data = append(c.data, value...)
	c.ends = append(c.ends, len(c.data))
	return nil
}

var errDocument = errors.New("it is JSON of another form than the column's type")

func (c *documents) Null() {
	c.nulls[len(c.ends)] = true
	c.ends = append(c.ends, len(c.data))
	c.builder.AppendNull()
}

func (c *documents) Truncate(rows int) {
	for row := rows; row < len(c.ends); row++ {
		delete(c.nulls, row)
	}
	c.ends = c.ends[:rows]
	c.data = c.data[:c.start(rows)]
}

func (c *documents) start(row int) int {
	if row == 0 {
		return 0
	}
	return c.ends[row-1]
}

func (c *documents) Size() int { return len(c.data) + 8*len(c.ends) }

func (c *documents) Array() arrow.Array {
	if c.builder.Len() != len(c.ends) {
		c.rebuild()
	}
	built := c.builder.NewArray()
	c.data, c.ends = c.data[:0], c.ends[:0]
	clear(c.nulls)
	return built
}

func (c *documents) rebuild() {
	c.builder.NewArray().Release()
	for row, end := range c.ends {
		if c.nulls[row] {
			c.builder.AppendNull()
			continue
		}
		// What could be appended once can be again.
		_ = jsonvalue.AppendText(c.builder, c.data[c.start(row):end], c.want, "")
	}
}
