package datafile_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/parquet/compress"

	"github.com/automic-etl/etl/plugins/datafile"
)

// TestCompressPages has several goroutines compress pages of all sizes, which are then what they were.
func TestCompressPages(t *testing.T) {
	if err := datafile.CompressPages(); err != nil {
		t.Fatal(err)
	}
	codec, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for _, size := range []int{0, 1, 100, 128 << 10, 300 << 10, 3 << 20} {
				for _, level := range []int{1, 9} {
					page := bytes.Repeat([]byte{byte(i), 1, 2, byte(size >> 3), 4}, size/5+1)[:size]
					packed := codec.EncodeLevel(make([]byte, 0, codec.CompressBound(max(int64(size), 1))), page, level)
					if got := codec.Decode(nil, packed); !bytes.Equal(got, page) {
						t.Errorf("%d bytes at level %d come back as %d", size, level, len(got))
					}
					if size > 1000 && len(packed) > size/10 {
						t.Errorf("%d bytes at level %d become %d", size, level, len(packed))
					}
				}
			}
		})
	}
	group.Wait()
}
