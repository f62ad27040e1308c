package column

import (
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/memory"
)

// validity is a bitmap that is only made once there is a null. Bits beyond the rows are set.
type validity struct {
	rows, nulls int
	bits        []byte
}

func (v *validity) add() {
	v.rows++
	if v.bits != nil {
		v.grow()
	}
}

func (v *validity) null() {
	v.rows++
	v.grow()
	bitutil.ClearBit(v.bits, v.rows-1)
	v.nulls++
}

func (v *validity) grow() {
	for len(v.bits)*8 < v.rows {
		v.bits = append(v.bits, 0xff)
	}
}

func (v *validity) truncate(rows int) {
	for v.bits != nil && v.rows > rows {
		v.rows--
		if !bitutil.BitIsSet(v.bits, v.rows) {
			bitutil.SetBit(v.bits, v.rows)
			v.nulls--
		}
	}
	v.rows = rows
}

// take hands the bitmap over, nil where nothing is null, and begins anew.
func (v *validity) take() (bits *memory.Buffer, nulls int) {
	if v.nulls > 0 {
		bits, nulls = memory.NewBufferBytes(v.bits), v.nulls
	}
	*v = validity{}
	return bits, nulls
}
