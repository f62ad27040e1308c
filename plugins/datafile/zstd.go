package datafile

import (
	"fmt"
	"runtime"

	"github.com/DataDog/zstd"
	"github.com/apache/arrow-go/v18/parquet/compress"
)

// pageCodec compresses pages by the zstd library itself, which takes half of the time of the Go one that the Parquet library
// uses, with contexts that are kept: the Parquet library's have windows of 4 MiB, are thrown away by the garbage collector
// and made anew, a good part of the memory of a process that does little else than write.
type pageCodec struct {
	compress.Codec
	contexts chan zstd.Ctx // one for each processor, nil until it is used
}

func (c pageCodec) EncodeLevel(dst, src []byte, level int) []byte {
	context := <-c.contexts
	if context == nil {
		context = zstd.NewCtx()
	}
	defer func() { c.contexts <- context }()
	packed, err := context.CompressLevel(dst[:0], src, level)
	if err != nil { // there was no memory
		return c.Codec.EncodeLevel(dst, src, level)
	}
	return packed
}

// CompressPages makes all Parquet files that this process writes with zstd be compressed so. A program calls it once, as it starts.
func CompressPages() error {
	codec, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		return fmt.Errorf("looking for the codec of Parquet's pages: %w", err)
	}
	contexts := make(chan zstd.Ctx, runtime.GOMAXPROCS(0))
	for range cap(contexts) {
		contexts <- nil
	}
	compress.RegisterCodec(compress.Codecs.Zstd, pageCodec{Codec: codec, contexts: contexts})
	return nil
}
