package state

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// deletes are the manifests of new position deletes, one a partition spec.
func (p *proposal) deletes(before []iceberg.ManifestFile, base table.Metadata, w *manifests) ([]iceberg.ManifestFile, error) {
	if len(p.change.Delete) == 0 {
		return nil, nil
	}
	if base.Version() != 2 {
		return nil, &UnsupportedError{Ident: p.change.Ident, What: fmt.Sprintf("deletes by position in Iceberg's format version %d", base.Version()),
			Way: "Rewrite the data files instead."}
	}
	targets, err := p.targets(before)
	if err != nil {
		return nil, err
	}
	entries := map[int][]iceberg.ManifestEntry{}
	for _, d := range p.change.Delete {
		target, found := targets[d.Of.Path]
		if !found {
			return nil, fmt.Errorf("rows are to be deleted from %s, which is not in the snapshot", d.Of.Path)
		}
		described, err := describeDeletes(d, target, w.specs(int(target.SpecID())))
		if err != nil {
			return nil, fmt.Errorf("taking in %s: %w", d.Path, err)
		}
		w.totals.add(described)
		spec := int(target.SpecID())
		entries[spec] = append(entries[spec], iceberg.NewManifestEntry(iceberg.EntryStatusADDED, &w.snapshot, nil, nil, described))
	}
	var all []iceberg.ManifestFile
	for _, spec := range slices.Sorted(maps.Keys(entries)) {
		written, err := w.write(group{spec, iceberg.ManifestContentDeletes}, entries[spec])
		if err != nil {
			return nil, err
		}
		all = append(all, written...)
	}
	return all, nil
}

// targets are the data files that rows are deleted from, by path.
func (p *proposal) targets(before []iceberg.ManifestFile) (map[string]iceberg.DataFile, error) {
	wanted := make(map[string]bool, len(p.change.Delete))
	for _, d := range p.change.Delete {
		wanted[d.Of.Path] = true
	}
	found := map[string]iceberg.DataFile{}
	for _, m := range before {
		if m.ManifestContent() != iceberg.ManifestContentData {
			continue
		}
		for e, err := range m.Entries(disk{}, true) {
			if err != nil {
				return nil, damagedFile(m.FilePath(), err)
			}
			if path, err := pathOf(e.DataFile().FilePath()); err == nil && wanted[path] {
				found[path] = e.DataFile()
			}
		}
	}
	return found, nil
}

// describeDeletes checks a file of positions and describes it: it is of its data file's partition.
func describeDeletes(d StagedDeletes, target iceberg.DataFile, spec *iceberg.PartitionSpec) (iceberg.DataFile, error) {
	if spec == nil {
		return nil, fmt.Errorf("the table has no partition spec %d", target.SpecID())
	}
	footer, size, err := readFooter(d.Path)
	if err != nil {
		return nil, err
	}
	if footer.GetNumRows() != d.Rows || d.Rows > target.Count() {
		return nil, fmt.Errorf("the file has %d positions, %d were expected, and the data file has %d rows", footer.GetNumRows(), d.Rows, target.Count())
	}
	if err := syncPath(filepath.Dir(d.Path)); err != nil {
		return nil, err
	}
	b, err := iceberg.NewDataFileBuilder(*spec, iceberg.EntryContentPosDeletes, locationOf(d.Path), iceberg.ParquetFile, target.Partition(), nil, nil, d.Rows, size)
	if err != nil {
		return nil, err
	}
	name := map[int][]byte{filePathField: []byte(target.FilePath())}
	return b.LowerBoundValues(name).UpperBoundValues(name).Build(), nil
}
