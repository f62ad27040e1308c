package duckdb

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"math/bits"
)

// murmur3 is the 32 bit hash that Iceberg's bucket transform is defined by, with seed 0.
func murmur3(data []byte) uint32 {
	const c1, c2 = 0xcc9e2d51, 0x1b873593
	var h uint32
	n := len(data)
	for ; len(data) >= 4; data = data[4:] {
		k := binary.LittleEndian.Uint32(data) * c1
		h ^= bits.RotateLeft32(k, 15) * c2
		h = bits.RotateLeft32(h, 13)*5 + 0xe6546b64
	}
	var k uint32
	for i := len(data) - 1; i >= 0; i-- {
		k = k<<8 | uint32(data[i])
	}
	h ^= bits.RotateLeft32(k*c1, 15) * c2
	h ^= uint32(n)
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}

func murmur3Long(v int64) uint32 {
	var data [8]byte
	binary.LittleEndian.PutUint64(data[:], uint64(v))
	return murmur3(data[:])
}

// twosComplement is the shortest big-endian two's complement of a number, which is what bucket hashes of a decimal.
func twosComplement(v *big.Int) []byte {
	if v.Sign() >= 0 {
		data := v.Bytes()
		if len(data) == 0 || data[0]&0x80 != 0 {
			data = append([]byte{0}, data...)
		}
		return data
	}
	size := (new(big.Int).Not(v).BitLen() + 8) / 8
	wrapped := new(big.Int).Add(v, new(big.Int).Lsh(big.NewInt(1), uint(size)*8))
	return wrapped.FillBytes(make([]byte, size))
}

func murmur3Unscaled(text string) (uint32, error) {
	v, ok := new(big.Int).SetString(text, 10)
	if !ok {
		return 0, fmt.Errorf("hashing a decimal: %q is no whole number", text)
	}
	return murmur3(twosComplement(v)), nil
}
