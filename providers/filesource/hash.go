package filesource

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup"
)

const shaSize = sha256.Size

// hashFile reads a file once and returns the SHA-256 of its bytes.
func hashFile(ctx context.Context, f File) (string, error) {
	in, err := os.Open(f.Abs)
	if err != nil {
		return "", err
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.CopyBuffer(struct{ io.Writer }{hash}, &cancelled{ctx, in}, make([]byte, min(256<<10, f.Size+1))); err != nil {
		return "", fmt.Errorf("hashing: %w", err)
	}
	return string(hash.Sum(nil)), nil
}

// cancelled stops a long read when its context ends.
type cancelled struct {
	ctx context.Context
	io.Reader
}

func (c *cancelled) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.Reader.Read(p)
}

// each runs a function over the files at the given positions, several at a time.
func each(ctx context.Context, positions []int, do func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, i := range positions {
		group.Go(func() error { return do(ctx, i) })
	}
	return group.Wait()
}

// fingerprint identifies the rows of files read with the given options.
func fingerprint(files []File, key string) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "files v1\n%q\n", key)
	for _, f := range files {
		fmt.Fprintf(hash, "%q %d %x\n", f.Path, f.Size, f.SHA256)
	}
	return hex.EncodeToString(hash.Sum(nil))
}
