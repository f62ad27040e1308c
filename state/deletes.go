package state

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
	"github.com/apache/iceberg-go/table/dv"
)

// filePathField is the id of the column of position deletes that names the data file.
const filePathField = 2147483546

// deletes are the position deletes of a snapshot.
type deletes struct {
	entries []iceberg.ManifestEntry
	vectors map[string]DeleteFile // deletion vectors, by data file
	files   []iceberg.ManifestEntry
}

// load reads the deletion vectors; delete files are read by who reads the data.
func (d *deletes) load() error {
	d.vectors = map[string]DeleteFile{}
	for _, e := range d.entries {
		if !table.IsDeletionVector(e.DataFile()) {
			d.files = append(d.files, e)
			continue
		}
		target := e.DataFile().ReferencedDataFile()
		if target == nil {
			return fmt.Errorf("the deletion vector in %s names no data file", e.DataFile().FilePath())
		}
		bitmap, err := dv.ReadDV(disk{}, e.DataFile())
		if err != nil {
			return err
		}
		vector := DeleteFile{DataPath: *target}
		for position := range bitmap.Positions() {
			vector.Positions = append(vector.Positions, int64(position))
		}
		d.vectors[*target] = vector
	}
	return nil
}

// of are the deletes that apply to a data file: its deletion vector, which stands for all earlier ones, or the delete
// files of its partition that are not older than it. A delete file may name other data files too, so that rows
// are matched by path and position.
func (d *deletes) of(data iceberg.ManifestEntry) []DeleteFile {
	name := data.DataFile().FilePath()
	if vector, found := d.vectors[name]; found {
		return []DeleteFile{vector}
	}
	var applying []DeleteFile
	for _, e := range d.files {
		if e.SequenceNum() < data.SequenceNum() || !samePartition(e.DataFile(), data.DataFile()) || !mayName(e.DataFile(), name) {
			continue
		}
		path, err := pathOf(e.DataFile().FilePath())
		if err != nil {
			path = e.DataFile().FilePath() // not on this machine: whoever opens it says so
		}
		applying = append(applying, DeleteFile{Path: path, DataPath: name})
	}
	slices.SortFunc(applying, func(a, b DeleteFile) int { return cmp.Compare(a.Path, b.Path) })
	return applying
}

func samePartition(a, b iceberg.DataFile) bool {
	return a.SpecID() == b.SpecID() && maps.EqualFunc(a.Partition(), b.Partition(), func(x, y any) bool {
		return fmt.Sprint(plain(x)) == fmt.Sprint(plain(y))
	})
}

// targetOf is the data file that all positions of a delete file are of, where that can be told; empty else.
func targetOf(f iceberg.DataFile) string {
	if target := f.ReferencedDataFile(); target != nil {
		return *target
	}
	// A bound that was cut short is no longer equal to the other.
	lower, upper := f.LowerBoundValues()[filePathField], f.UpperBoundValues()[filePathField]
	if len(lower) > 0 && string(lower) == string(upper) {
		return string(lower)
	}
	return ""
}

// mayName reports whether the statistics of a delete file let it name the data file.
func mayName(f iceberg.DataFile, name string) bool {
	if target := f.ReferencedDataFile(); target != nil {
		return *target == name
	}
	lower, hasLower := f.LowerBoundValues()[filePathField]
	upper, hasUpper := f.UpperBoundValues()[filePathField]
	// Bounds may be cut short: a lower one is then a prefix, an upper one is raised.
	return (!hasLower || string(lower) <= name) && (!hasUpper || name <= string(upper) || isPrefix(upper, name))
}

func isPrefix(bound []byte, name string) bool {
	return len(bound) < len(name) && name[:len(bound)] == string(bound)
}
