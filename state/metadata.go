package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/automic-etl/etl/lang/addr"
)

// maxParsed bounds how many tables' metadata is kept in memory.
const maxParsed = 64

// parsed are metadata files that were read or written lately. They never change, so that they never get stale.
type parsed struct {
	mu    sync.Mutex
	files map[string]table.Metadata
	order []string // oldest first
}

func newParsed() *parsed { return &parsed{files: map[string]table.Metadata{}} }

func (p *parsed) get(location string) (table.Metadata, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	m, found := p.files[location]
	return m, found
}

func (p *parsed) put(location string, m table.Metadata) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, found := p.files[location]; !found {
		p.order = append(p.order, location)
	}
	p.files[location] = m
	if len(p.order) > maxParsed {
		delete(p.files, p.order[0])
		p.order = p.order[1:]
	}
}

// loaded is a table as the catalog has it now.
type loaded struct {
	ident    addr.Ident
	location string // of the metadata file
	meta     table.Metadata
}

// load finds and reads a table's current metadata.
func (l *Lakehouse) load(ctx context.Context, ident addr.Ident) (*loaded, error) {
	if l.catalog == nil {
		return nil, absent("there is no table %s", ident)
	}
	for {
		location, err := l.catalog.lookup(ctx, ident)
		if err != nil {
			return nil, err
		}
		meta, err := l.metadata(ctx, ident, location)
		if errors.Is(err, fs.ErrNotExist) {
			// A commit may have replaced it, and removed the file, since the look-up.
			if again, lookupErr := l.catalog.lookup(ctx, ident); lookupErr == nil && again != location {
				continue
			}
			return nil, damagedMetadata(ident, location, errors.New("the catalog names it, but there is no such file"))
		}
		if err != nil {
			return nil, err
		}
		return &loaded{ident: ident, location: location, meta: meta}, nil
	}
}

// metadata reads a metadata file.
func (l *Lakehouse) metadata(ctx context.Context, ident addr.Ident, location string) (table.Metadata, error) {
	if m, found := l.parsed.get(location); found {
		return m, nil
	}
	m, err := readMetadata(ctx, ident, location)
	if err != nil {
		return nil, err
	}
	l.parsed.put(location, m)
	return m, nil
}

func readMetadata(ctx context.Context, ident addr.Ident, location string) (table.Metadata, error) {
	m, _, err := parseMetadata(ctx, ident, location, func(document []byte) ([]byte, int) { return document, -1 })
	return m, err
}

// readDigest reads a metadata file without the snapshots that the table's state doesn't depend on, and counts them; -1 where it
// has them all.
func readDigest(ctx context.Context, ident addr.Ident, location string) (table.Metadata, int, error) {
	return parseMetadata(ctx, ident, location, digest)
}

func parseMetadata(
	ctx context.Context, ident addr.Ident, location string, reduce func([]byte) ([]byte, int),
) (m table.Metadata, snapshots int, err error) {
	path, err := pathOf(location)
	if err != nil {
		return nil, -1, err
	}
	if strings.HasSuffix(path, ".gz") || strings.Contains(path, ".gz.") || strings.Contains(path, ".zstd.") {
		m, err = readPacked(ctx, ident, location)
		return m, -1, err
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, -1, fmt.Errorf("the metadata of %s, %s, can't be read: %w", ident, path, cause(err))
	}
	content, snapshots = reduce(content)
	if m, err = table.ParseMetadataBytes(content); err != nil {
		return nil, -1, damagedMetadata(ident, location, err)
	}
	return m, snapshots, nil
}

// readPacked reads a compressed metadata file, as other writers may make them.
func readPacked(ctx context.Context, ident addr.Ident, location string) (table.Metadata, error) {
	open := func(context.Context) (iceio.IO, error) { return disk{}, nil }
	t, err := table.NewFromLocation(ctx, []string{ident.Namespace, ident.Name}, location, open, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the metadata of %s: %w", ident, err)
	}
	if err != nil {
		return nil, damagedMetadata(ident, location, err)
	}
	return t.Metadata(), nil
}

// writeMetadata writes the next metadata file of a table, by a run, and returns its location.
func writeMetadata(tablePath, previous, run string, m table.Metadata) (string, error) {
	folder := filepath.Join(tablePath, "metadata")
	content, err := json.Marshal(m)
	if err != nil {
		return "", err
	}
	name := fmt.Sprintf("%05d-%s%s", metadataVersion(previous)+1, uuid.NewString()[:24], metadataMark(run))
	path := filepath.Join(folder, name)
	if err := writeDurably(path, content); err != nil {
		return "", err
	}
	return locationOf(path), syncPath(folder)
}

// metadataMark is what the names of a run's metadata files end with. Other writers want a UUID there: it is the last part of one.
func metadataMark(run string) string { return sha256Of([]byte(run))[:12] + metadataSuffix }

const metadataSuffix = ".metadata.json"

// metadataVersion is the number that a metadata file's name begins with; -1 for none.
func metadataVersion(location string) int {
	name := strings.TrimPrefix(location[strings.LastIndexByte(location, '/')+1:], "v")
	digits, _, _ := strings.Cut(name, "-")
	digits, _, _ = strings.Cut(digits, ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}
