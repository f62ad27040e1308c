package datafile

import (
	"fmt"
	"runtime"

	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/klauspost/compress/zstd"
)

// window is as far back as a page is searched for repetitions: pages are not larger.
const window = 1 << 20

// pageCodec compresses pages with encoders that are kept. Those of the Parquet library have windows of 4 MiB, are thrown
// away by the garbage collector and made anew: a good part of the memory of a process that does little else than write.
type pageCodec struct {
	compress.Codec
	level   zstd.EncoderLevel
	encoder *zstd.Encoder
}

func (c pageCodec) EncodeLevel(dst, src []byte, level int) []byte {
	if zstd.EncoderLevelFromZstd(level) != c.level {
		return c.Codec.EncodeLevel(dst, src, level)
	}
	return c.encoder.EncodeAll(src, dst[:0])
}

// CompressPages makes all Parquet files that this process writes with zstd be compressed so. A program calls it once, as it starts.
func CompressPages() error {
	codec, err := compress.GetCodec(compress.Codecs.Zstd)
	if err != nil {
		return fmt.Errorf("looking for the codec of Parquet's pages: %w", err)
	}
	level := zstd.EncoderLevelFromZstd(zstdLevel)
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(level), zstd.WithWindowSize(window), zstd.WithZeroFrames(true),
		zstd.WithAllLitEntropyCompression(true), zstd.WithEncoderConcurrency(runtime.GOMAXPROCS(0)))
	if err != nil {
		return fmt.Errorf("preparing the codec of Parquet's pages: %w", err)
	}
	compress.RegisterCodec(compress.Codecs.Zstd, pageCodec{Codec: codec, level: level, encoder: encoder})
	return nil
}
