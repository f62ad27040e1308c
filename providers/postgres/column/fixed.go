package column

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// fixed is a column of values of fixed width.
type fixed[T any] struct {
	t      arrow.DataType
	values []T
	valid  validity
	parse  func([]byte) (T, error)
	bytes  func([]T) []byte
	width  int
}

func newFixed[T any](t arrow.DataType, width int, bytes func([]T) []byte, parse func([]byte) (T, error)) Column {
	return &fixed[T]{t: t, parse: parse, bytes: bytes, width: width}
}

func (c *fixed[T]) Append(value []byte) error {
	v, err := c.parse(value)
	if err != nil {
		return err
	}
	c.values = append(c.values, v)
	c.valid.add()
	return nil
}

func (c *fixed[T]) Null() {
	var zero T
	c.values = append(c.values, zero)
	c.valid.null()
}

func (c *fixed[T]) Truncate(rows int) {
	c.values = c.values[:rows]
	c.valid.truncate(rows)
}

func (c *fixed[T]) Size() int { return len(c.values) * c.width }

func (c *fixed[T]) Array() arrow.Array {
	n := len(c.values)
	bits, nulls := c.valid.take()
	data := array.NewData(c.t, n, []*memory.Buffer{bits, memory.NewBufferBytes(c.bytes(c.values))}, nil, nulls, 0)
	c.values = make([]T, 0, n)
	return array.MakeFromData(data)
}

// booleans keep a byte a value until they are handed over.
type booleans struct {
	values []byte
	valid  validity
	parse  func([]byte) (bool, error)
}

func (c *booleans) Append(value []byte) error {
	v, err := c.parse(value)
	if err != nil {
		return err
	}
	var one byte
	if v {
		one = 1
	}
	c.values = append(c.values, one)
	c.valid.add()
	return nil
}

func (c *booleans) Null() {
	c.values = append(c.values, 0)
	c.valid.null()
}

func (c *booleans) Truncate(rows int) {
	c.values = c.values[:rows]
	c.valid.truncate(rows)
}

func (c *booleans) Size() int { return len(c.values) }

func (c *booleans) Array() arrow.Array {
	n := len(c.values)
	packed := make([]byte, (n+7)/8)
	for i, v := range c.values {
		packed[i/8] |= v << (i % 8)
	}
	bits, nulls := c.valid.take()
	c.values = c.values[:0]
	data := array.NewData(arrow.FixedWidthTypes.Boolean, n, []*memory.Buffer{bits, memory.NewBufferBytes(packed)}, nil, nulls, 0)
	return array.MakeFromData(data)
}

// absent counts nulls.
type absent struct {
	t    arrow.DataType
	rows int
}

func (c *absent) Append([]byte) error { c.rows++; return nil }
func (c *absent) Null()               { c.rows++ }
func (c *absent) Truncate(rows int)   { c.rows = rows }
func (c *absent) Size() int           { return 0 }

func (c *absent) Array() arrow.Array {
	n := c.rows
	c.rows = 0
	return array.MakeArrayOfNull(memory.DefaultAllocator, c.t, n)
}
