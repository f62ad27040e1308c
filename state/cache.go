package state

import (
	"bufio"
	"encoding/gob"
	"errors"
	"os"
	"path/filepath"
	"sync"
)

// cacheVersion changes when what is cached of a table does.
const cacheVersion = "tables-3"

// cache keeps tables by the location of their metadata file, across processes. Those files never change, so that an entry
// is never wrong; losing the cache costs time only.
type cache struct {
	path   string
	mu     sync.Mutex
	tables map[string]*Table
	read   bool
}

func newCache(folder string) *cache {
	c := &cache{tables: map[string]*Table{}}
	if folder != "" {
		c.path = filepath.Join(folder, cacheVersion+".gob")
	}
	return c
}

// all are the cached tables; what can't be read is as good as empty.
func (c *cache) all() map[string]*Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read || c.path == "" {
		return c.tables
	}
	c.read = true
	file, err := os.Open(c.path)
	if err != nil {
		return c.tables
	}
	defer file.Close()
	decoder := gob.NewDecoder(bufio.NewReaderSize(file, 1<<18))
	for {
		t := new(Table)
		if err := decoder.Decode(t); err != nil {
			return c.tables
		}
		c.tables[t.MetadataLocation] = t
	}
}

// replace makes the tables the cache's content, on the disk too.
func (c *cache) replace(tables []*Table) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables = make(map[string]*Table, len(tables))
	for _, t := range tables {
		c.tables[t.MetadataLocation] = t
	}
	if c.path == "" {
		return nil
	}
	folder := filepath.Dir(c.path)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, cacheVersion+"-*")
	if err != nil {
		return err
	}
	if err := encode(file, tables); err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return os.Rename(file.Name(), c.path)
}

func encode(file *os.File, tables []*Table) error {
	buffered := bufio.NewWriterSize(file, 1<<18)
	encoder := gob.NewEncoder(buffered)
	var err error
	for _, t := range tables {
		err = errors.Join(err, encoder.Encode(t))
	}
	return errors.Join(err, buffered.Flush(), file.Close())
}
