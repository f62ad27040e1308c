package filesource

import "math"

const (
	// wholeUpTo is the size of text up to which inference looks at all rows of a file by default.
	wholeUpTo = 64 << 20
	// sampleRows is how many rows it looks at in a larger file.
	sampleRows = 100_000
)

// Sample is how much of a file inference looks at.
type Sample struct{ Rows, Bytes int64 }

// SampleOf decides for one file. How long a compressed text is shows only on reading it.
func SampleOf(o Options, f File, s *Stream) Sample {
	switch {
	case o.InferRows > 0:
		return Sample{o.InferRows, math.MaxInt64}
	case o.InferRows == 0:
		return Sample{math.MaxInt64, math.MaxInt64}
	case s.Compressed:
		return Sample{math.MaxInt64, wholeUpTo}
	case f.Size > wholeUpTo:
		return Sample{sampleRows, math.MaxInt64}
	}
	return Sample{math.MaxInt64, math.MaxInt64}
}

// Reached reports whether that much was seen.
func (s Sample) Reached(rows, bytes int64) bool { return rows >= s.Rows || bytes >= s.Bytes }

// Extrapolate estimates the rows of a file of which a part was read.
func Extrapolate(rows, read, size int64) int64 {
	if read <= 0 || read >= size {
		return rows
	}
	return int64(float64(rows) * float64(size) / float64(read))
}
