package dataplane

import (
	"math/bits"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/memory"
)

// pool lends the memory of batch bodies. A buffer comes back when the last reference to its batch is released, so a
// value that outlives its batch must be copied. It is an arrow allocator.
type pool struct {
	mu    sync.Mutex
	free  map[int][][]byte // by power of two
	bytes int              // in free
	limit int
}

const smallest = 12 // 4 KiB

func newPool(limit int) *pool { return &pool{free: map[int][][]byte{}, limit: limit} }

func class(size int) int {
	if size <= 1<<smallest {
		return smallest
	}
	return bits.Len(uint(size - 1))
}

// Allocate is part of arrow's allocator. The memory is not zeroed.
func (p *pool) Allocate(size int) []byte {
	c := class(size)
	p.mu.Lock()
	defer p.mu.Unlock()
	if list := p.free[c]; len(list) > 0 {
		b := list[len(list)-1]
		p.free[c] = list[:len(list)-1]
		p.bytes -= cap(b)
		return b[:size]
	}
	return memory.DefaultAllocator.Allocate(1 << c)[:size]
}

// Reallocate is part of arrow's allocator.
func (p *pool) Reallocate(size int, b []byte) []byte {
	if size <= cap(b) {
		return b[:size]
	}
	grown := p.Allocate(size)
	copy(grown, b)
	p.Free(b)
	return grown
}

// Free is part of arrow's allocator. What is over the limit is left to the garbage collector.
func (p *pool) Free(b []byte) {
	c := class(cap(b))
	if cap(b) != 1<<c {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bytes+cap(b) > p.limit {
		return
	}
	p.free[c] = append(p.free[c], b[:0])
	p.bytes += cap(b)
}
