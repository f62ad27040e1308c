package column

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// list is a column of lists. The elements of a value are given one by one by each.
type list struct {
	t       arrow.DataType
	offsets []int32
	valid   validity
	elem    Column
	each    func(value []byte, element func(value []byte, null bool) error) error
	count   int32
}

func (c *list) Append(value []byte) error {
	before := c.count
	err := c.each(value, func(value []byte, null bool) error {
		if null {
			c.elem.Null()
		} else if err := c.elem.Append(value); err != nil {
			return err
		}
		c.count++
		return nil
	})
	if err != nil {
		c.elem.Truncate(int(before))
		c.count = before
		return err
	}
	c.end()
	c.valid.add()
	return nil
}

func (c *list) end() {
	if len(c.offsets) == 0 {
		c.offsets = append(c.offsets, 0)
	}
	c.offsets = append(c.offsets, c.count)
}

func (c *list) Null() {
	c.end()
	c.valid.null()
}

func (c *list) Truncate(rows int) {
	if len(c.offsets) > rows {
		c.offsets = c.offsets[:rows+1]
		c.count = c.offsets[rows]
		c.elem.Truncate(int(c.count))
	}
	c.valid.truncate(rows)
}

func (c *list) Size() int { return c.elem.Size() + 4*len(c.offsets) }

func (c *list) Array() arrow.Array {
	if len(c.offsets) == 0 {
		c.offsets = []int32{0}
	}
	n := len(c.offsets) - 1
	bits, nulls := c.valid.take()
	elements := c.elem.Array()
	defer elements.Release()
	data := array.NewData(c.t, n, []*memory.Buffer{
		bits, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(c.offsets)),
	}, []arrow.ArrayData{elements.Data()}, nulls, 0)
	c.offsets, c.count = nil, 0
	return array.MakeFromData(data)
}

// structs is a column of composite values. Its fields are given by their place in the server's type.
type structs struct {
	t      arrow.DataType
	fields []Column
	places []int // of each of the server's fields among the column's; -1 where it isn't wanted
	valid  validity
	each   func(value []byte, field func(i int, value []byte, null bool) error) error
	filled []bool
}

func (c *structs) Append(value []byte) error {
	rows := c.valid.rows
	clear(c.filled)
	err := c.each(value, func(i int, value []byte, null bool) error {
		if i >= len(c.places) {
			return errMalformed
		}
		place := c.places[i]
		if place < 0 {
			return nil
		}
		c.filled[place] = true
		if null {
			c.fields[place].Null()
			return nil
		}
		return c.fields[place].Append(value)
	})
	if err != nil {
		for _, field := range c.fields {
			field.Truncate(rows)
		}
		return err
	}
	for i, filled := range c.filled {
		if !filled {
			c.fields[i].Null()
		}
	}
	c.valid.add()
	return nil
}

func (c *structs) Null() {
	for _, field := range c.fields {
		field.Null()
	}
	c.valid.null()
}

func (c *structs) Truncate(rows int) {
	for _, field := range c.fields {
		field.Truncate(rows)
	}
	c.valid.truncate(rows)
}

func (c *structs) Size() int {
	size := 0
	for _, field := range c.fields {
		size += field.Size()
	}
	return size
}

func (c *structs) Array() arrow.Array {
	n := c.valid.rows
	bits, nulls := c.valid.take()
	children := make([]arrow.ArrayData, len(c.fields))
	for i, field := range c.fields {
		child := field.Array()
		defer child.Release()
		children[i] = child.Data()
	}
	return array.MakeFromData(array.NewData(c.t, n, []*memory.Buffer{bits}, children, nulls, 0))
}
