package delivery

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/sdk"
)

// provenance makes the columns that say where a row came from. The host names and numbers them; their order is fixed.
type provenance struct {
	runID    string
	loadedAt int64
}

func newProvenance(s *sdk.Staging) provenance {
	return provenance{runID: s.RunID, loadedAt: s.LoadedAt}
}

// columns are run, time of loading, source and record number for each of n rows.
func (p provenance) columns(rows Rows) []arrow.Array {
	n := int(rows.Record.NumRows())
	numbers := rows.Numbers.List
	if numbers == nil {
		numbers = make([]int64, n)
		for i := range numbers {
			numbers[i] = rows.Numbers.First + int64(i)
		}
	}
	loaded := make([]int64, n)
	for i := range loaded {
		loaded[i] = p.loadedAt
	}
	return []arrow.Array{
		repeated(p.runID, n),
		fixed(arrow.FixedWidthTypes.Timestamp_us, loaded),
		repeated(rows.Source, n),
		fixed(arrow.PrimitiveTypes.Int64, numbers),
	}
}

func repeated(text string, n int) arrow.Array {
	offsets := make([]int32, n+1)
	for i := range offsets {
		offsets[i] = int32(i * len(text))
	}
	buffers := []*memory.Buffer{
		nil,
		memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(offsets)),
		memory.NewBufferBytes(bytes.Repeat([]byte(text), n)),
	}
	return array.NewStringData(array.NewData(arrow.BinaryTypes.String, n, buffers, nil, 0, 0))
}

func fixed(t arrow.DataType, values []int64) arrow.Array {
	buffers := []*memory.Buffer{nil, memory.NewBufferBytes(arrow.Int64Traits.CastToBytes(values))}
	return array.MakeFromData(array.NewData(t, len(values), buffers, nil, 0, 0))
}
