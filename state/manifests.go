package state

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

const (
	// mergeAt is the number of manifests from which an append puts the small ones together: a reader opens them all.
	mergeAt = 100
	// smallManifest is how many files a manifest has at most to be put together with others.
	smallManifest = 5000
)

// manifests writes the manifests of one new snapshot.
type manifests struct {
	folder   string // <table>/metadata
	version  int
	specs    func(id int) *iceberg.PartitionSpec
	schema   *iceberg.Schema
	snapshot int64
	name     string   // in every file's name; it tells the run
	written  []string // paths of the files so far
	totals   totals
}

// group is the entries of one new manifest.
type group struct {
	spec    int
	content iceberg.ManifestContent
}

// write writes one manifest of entries; none for no entries.
func (w *manifests) write(of group, entries []iceberg.ManifestEntry) ([]iceberg.ManifestFile, error) {
	if len(entries) == 0 {
		return nil, nil
	}
	spec := w.specs(of.spec)
	if spec == nil {
		return nil, fmt.Errorf("the table has no partition spec %d", of.spec)
	}
	var content bytes.Buffer
	writer, err := iceberg.NewManifestWriter(w.version, &content, *spec, w.schema, w.snapshot, iceberg.WithManifestWriterContent(of.content))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := add(writer, e); err != nil {
			return nil, err
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	path := filepath.Join(w.folder, fmt.Sprintf("manifest%s-m%d.avro", w.name, len(w.written)))
	manifest, err := writer.ToManifestFile(locationOf(path), int64(content.Len()))
	if err != nil {
		return nil, err
	}
	w.written = append(w.written, path)
	return []iceberg.ManifestFile{manifest}, writeDurably(path, content.Bytes())
}

func add(writer *iceberg.ManifestWriter, e iceberg.ManifestEntry) error {
	switch e.Status() {
	case iceberg.EntryStatusADDED:
		return writer.Add(e)
	case iceberg.EntryStatusDELETED:
		return writer.Delete(e)
	default:
		return writer.Existing(e)
	}
}

// added is the manifest of new data files.
func (w *manifests) added(spec int, files []iceberg.DataFile) ([]iceberg.ManifestFile, error) {
	entries := make([]iceberg.ManifestEntry, 0, len(files))
	for _, f := range files {
		entries = append(entries, iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &w.snapshot, nil, nil, f))
		w.totals.add(f)
	}
	return w.write(group{spec, iceberg.ManifestContentData}, entries)
}

// kept carries the parent's manifests on, without the files that are to go (nil: none): their manifests are written anew,
// with the removed files as such.
func (w *manifests) kept(parent []iceberg.ManifestFile, goes func(iceberg.DataFile) bool) ([]iceberg.ManifestFile, error) {
	var all []iceberg.ManifestFile
	for _, m := range parent {
		if m.AddedDataFiles() == 0 && m.ExistingDataFiles() == 0 {
			continue // it only tells what an earlier snapshot removed
		}
		if goes == nil {
			all = append(all, m)
			continue
		}
		entries, changed, err := w.without(m, goes)
		if err != nil {
			return nil, err
		}
		if !changed {
			all = append(all, m)
			continue
		}
		next, err := w.write(group{int(m.PartitionSpecID()), m.ManifestContent()}, entries)
		if err != nil {
			return nil, err
		}
		all = append(all, next...)
	}
	return all, nil
}

func (w *manifests) without(m iceberg.ManifestFile, goes func(iceberg.DataFile) bool) ([]iceberg.ManifestEntry, bool, error) {
	var entries []iceberg.ManifestEntry
	changed := false
	for e, err := range m.Entries(disk{}, true) {
		if err != nil {
			return nil, false, damagedFile(m.FilePath(), err)
		}
		status := iceberg.EntryStatusEXISTING
		if goes(e.DataFile()) {
			changed = true
			status = iceberg.EntryStatusDELETED
			w.totals.remove(e.DataFile())
		}
		id, sequence := e.SnapshotID(), e.SequenceNum()
		entries = append(entries, iceberg.NewManifestEntry(status, &id, &sequence, e.FileSequenceNum(), e.DataFile()))
	}
	return entries, changed, nil
}

// merged puts small data manifests of the current spec together once there are many.
func (w *manifests) merged(all []iceberg.ManifestFile, spec int) ([]iceberg.ManifestFile, error) {
	if len(all) < mergeAt {
		return all, nil
	}
	var rest []iceberg.ManifestFile
	var entries []iceberg.ManifestEntry
	for _, m := range all {
		files := m.AddedDataFiles() + m.ExistingDataFiles()
		if m.ManifestContent() != iceberg.ManifestContentData || int(m.PartitionSpecID()) != spec || files > smallManifest ||
			m.DeletedDataFiles() > 0 || m.SnapshotID() == w.snapshot {
			rest = append(rest, m)
			continue
		}
		live, _, err := w.without(m, func(iceberg.DataFile) bool { return false })
		if err != nil {
			return nil, err
		}
		entries = append(entries, live...)
	}
	together, err := w.write(group{spec, iceberg.ManifestContentData}, entries)
	return append(together, rest...), err
}

// list writes the snapshot's manifest list; rows are the new row ids it took, for tables that number their rows.
func (w *manifests) list(all []iceberg.ManifestFile, parent *int64, sequence, firstRow int64) (location string, rows int64, err error) {
	var content bytes.Buffer
	var writer *iceberg.ManifestListWriter
	if w.version >= 3 {
		writer, err = iceberg.NewManifestListWriterV3(&content, w.snapshot, sequence, firstRow, parent)
	} else {
		writer, err = iceberg.NewManifestListWriterV2(&content, w.snapshot, sequence, parent)
	}
	if err != nil {
		return "", 0, err
	}
	if err := writer.AddManifests(all); err != nil {
		return "", 0, err
	}
	if err := writer.Close(); err != nil {
		return "", 0, err
	}
	if next := writer.NextRowID(); next != nil {
		rows = *next - firstRow
	}
	path := filepath.Join(w.folder, fmt.Sprintf("snap-%d-0%s.avro", w.snapshot, w.name))
	w.written = append(w.written, path)
	return locationOf(path), rows, writeDurably(path, content.Bytes())
}

// manifestsOf are the manifests of a snapshot; none for none.
func manifestsOf(s *table.Snapshot) ([]iceberg.ManifestFile, error) {
	if s == nil {
		return nil, nil
	}
	all, err := s.Manifests(disk{})
	if err != nil {
		return nil, damagedFile(s.ManifestList, err)
	}
	return all, nil
}
