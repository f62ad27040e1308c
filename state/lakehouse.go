package state

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// CatalogName is the name under which every Iceberg engine finds our tables.
const CatalogName = "etl"

// Namespace is that of the tables which etl keeps for itself.
const Namespace = "etl"

const (
	defaultLeaseTTL = 60 * time.Second
	leaseTTLEnv     = "ETL_LEASE_TTL"
)

// Lakehouse is an open catalog and its warehouse. It is safe for concurrent use.
type Lakehouse struct {
	options Options
	catalog *catalog // nil: opened for reading, and nothing is there yet
	parsed  *parsed  // metadata files of this process
	cache   *cache   // tables of earlier processes
	host    process
	landed  landedFiles
}

// Open opens the lakehouse. For reading it creates and changes nothing, and what doesn't exist yet is an empty lakehouse.
func Open(ctx context.Context, options Options) (*Lakehouse, error) {
	options, err := completed(options)
	if err != nil {
		return nil, err
	}
	catalog, err := openCatalog(ctx, options)
	if err != nil {
		return nil, err
	}
	return &Lakehouse{
		options: options,
		catalog: catalog,
		parsed:  newParsed(),
		cache:   newCache(options.CacheDir),
		host:    thisProcess(),
	}, nil
}

// Close gives back the catalog's connections.
func (l *Lakehouse) Close() error {
	if l.catalog == nil {
		return nil
	}
	return l.catalog.close()
}

func completed(o Options) (Options, error) {
	if !filepath.IsAbs(o.Warehouse) {
		return o, fmt.Errorf("opening the lakehouse: the warehouse %q is not an absolute path", o.Warehouse)
	}
	if o.CatalogPath == "" {
		return o, errors.New("opening the lakehouse: no catalog was named")
	}
	path, err := filepath.Abs(o.CatalogPath)
	if err != nil {
		return o, fmt.Errorf("opening the lakehouse: %w", err)
	}
	o.CatalogPath = path
	o.Warehouse = filepath.Clean(o.Warehouse)
	if o.LeaseTTL == 0 {
		o.LeaseTTL, err = leaseTTL()
	}
	return o, err
}

func leaseTTL() (time.Duration, error) {
	text := os.Getenv(leaseTTLEnv)
	if text == "" {
		return defaultLeaseTTL, nil
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl <= 0 {
		return 0, fmt.Errorf("%s is %q, which is not a duration such as 60s", leaseTTLEnv, text)
	}
	return ttl, nil
}

// writable refuses writes of a lakehouse that was opened for reading.
func (l *Lakehouse) writable() error {
	if l.options.ReadOnly || l.catalog == nil {
		return ErrReadOnly
	}
	return nil
}
