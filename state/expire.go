package state

import (
	"fmt"

	"github.com/apache/iceberg-go"
	"github.com/apache/iceberg-go/table"
)

// droppedMetadata are the metadata files that the new metadata's log no longer lists, if the table wants them removed.
func droppedMetadata(base, next table.Metadata) []string {
	if !next.Properties().GetBool(table.MetadataDeleteAfterCommitEnabledKey, false) {
		return nil
	}
	kept := map[string]bool{}
	for e := range next.PreviousFiles() {
		kept[e.MetadataFile] = true
	}
	var dropped []string
	for e := range base.PreviousFiles() {
		if path, err := pathOf(e.MetadataFile); err == nil && !kept[e.MetadataFile] {
			dropped = append(dropped, path)
		}
	}
	return dropped
}

// expire forgets the oldest snapshots once there are more than may be kept, half of them at a time, and notes the files that
// none of the others needs. Snapshots with a name, and those since, stay.
func (p *proposal) expire(builder *table.MetadataBuilder, base table.Metadata, keep int) error {
	snapshots := base.Snapshots()
	if keep == everySnapshot || len(snapshots)+1 <= keep {
		return nil
	}
	named := map[int64]bool{}
	for name, ref := range base.Refs() {
		if name != Tag {
			named[ref.SnapshotID] = true
		}
	}
	var gone []table.Snapshot
	var ids []int64
	for _, s := range snapshots[:len(snapshots)-keep/2] {
		if !named[s.SnapshotID] {
			gone = append(gone, s)
			ids = append(ids, s.SnapshotID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if err := builder.RemoveSnapshots(ids, false); err != nil {
		return fmt.Errorf("expiring snapshots: %w", err)
	}
	kept := snapshotsWithout(snapshots, ids)
	garbage, err := unneeded(gone, kept)
	p.expired = append(p.expired, garbage...)
	return err
}

func snapshotsWithout(all []table.Snapshot, ids []int64) []table.Snapshot {
	gone := make(map[int64]bool, len(ids))
	for _, id := range ids {
		gone[id] = true
	}
	var kept []table.Snapshot
	for _, s := range all {
		if !gone[s.SnapshotID] {
			kept = append(kept, s)
		}
	}
	return kept
}

// unneeded are the files of snapshots that go which no other snapshot needs.
func unneeded(gone, kept []table.Snapshot) ([]string, error) {
	needed, err := reachable(kept)
	if err != nil {
		return nil, err
	}
	garbage, err := reachable(gone)
	if err != nil {
		return nil, err
	}
	var paths []string
	for path := range garbage {
		if !needed[path] {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// reachable are the paths of all files that snapshots name: lists, manifests, data and deletes.
func reachable(snapshots []table.Snapshot) (map[string]bool, error) {
	paths := map[string]bool{}
	note := func(location string) error {
		path, err := pathOf(location)
		paths[path] = true
		return err
	}
	seen := map[string]bool{}
	for _, s := range snapshots {
		all, err := manifestsOf(&s)
		if err != nil {
			return nil, err
		}
		if err := note(s.ManifestList); err != nil {
			return nil, err
		}
		for _, m := range all {
			if seen[m.FilePath()] {
				continue
			}
			seen[m.FilePath()] = true
			if err := note(m.FilePath()); err != nil {
				return nil, err
			}
			if err := noteEntries(m, note); err != nil {
				return nil, err
			}
		}
	}
	return paths, nil
}

func noteEntries(m iceberg.ManifestFile, note func(string) error) error {
	for e, err := range m.Entries(disk{}, true) {
		if err != nil {
			return damagedFile(m.FilePath(), err)
		}
		if err := note(e.DataFile().FilePath()); err != nil {
			return err
		}
	}
	return nil
}
