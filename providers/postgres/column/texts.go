package column

import (
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// texts is a column of strings or bytes.
type texts struct {
	t       arrow.DataType
	offsets []int32
	data    []byte
	valid   validity
	// convert appends what a value becomes; nil where it stays as it is.
	convert func(to, value []byte) ([]byte, error)
	checked bool // values must be UTF-8
}

func (c *texts) Append(value []byte) error {
	if c.checked && !utf8.Valid(value) {
		return errEncoding
	}
	if c.convert == nil {
		c.data = append(c.data, value...)
	} else {
		data, err := c.convert(c.data, value)
		if err != nil {
			return err
		}
		c.data = data
	}
	c.end()
	c.valid.add()
	return nil
}

// end closes a value. Batches are handed over long before they have 2 GiB, and no value of the server has more than one.
func (c *texts) end() {
	if len(c.offsets) == 0 {
		c.offsets = append(c.offsets, 0)
	}
	c.offsets = append(c.offsets, int32(len(c.data)))
}

func (c *texts) Null() {
	c.end()
	c.valid.null()
}

func (c *texts) Truncate(rows int) {
	if len(c.offsets) > rows {
		c.offsets = c.offsets[:rows+1]
		c.data = c.data[:c.offsets[rows]]
	}
	c.valid.truncate(rows)
}

func (c *texts) Size() int { return len(c.data) + 4*len(c.offsets) }

func (c *texts) Array() arrow.Array {
	if len(c.offsets) == 0 {
		c.offsets = []int32{0}
	}
	n := len(c.offsets) - 1
	bits, nulls := c.valid.take()
	data := array.NewData(c.t, n, []*memory.Buffer{
		bits, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.offsets)), memory.NewBufferBytes(c.data),
	}, nil, nulls, 0)
	c.offsets, c.data = make([]int32, 0, len(c.offsets)), make([]byte, 0, len(c.data)+len(c.data)/16)
	return array.MakeFromData(data)
}
