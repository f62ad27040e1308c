package state

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/apache/iceberg-go/table"
)

// Nearly all of a metadata file is its list of snapshots, of which the state of a table needs the last or few. digest cuts the
// others out before the document is parsed; only listing tables does so.

// digest is a metadata document with the snapshots that the table's state depends on, and how many there were. What it doesn't
// understand it returns as it is.
func digest(document []byte) (reduced []byte, snapshots int) {
	list, ok := snapshotList(document)
	if !ok {
		return document, -1
	}
	needed, ok := list.needed(document)
	if !ok {
		return document, -1
	}
	reduced = make([]byte, 0, len(document)-(list.end-list.start)+1024)
	reduced = append(reduced, document[:list.start+1]...)
	reduced = append(reduced, bytes.Join(needed, []byte{','})...)
	return append(reduced, document[list.end-1:]...), len(list.objects)
}

// span is a part of the document.
type span struct{ start, end int }

// snapshotSpans is where the list of snapshots is, brackets included, and each snapshot in it.
type snapshotSpans struct {
	span
	objects []span
}

// snapshotList finds the list, without parsing what is in it.
func snapshotList(document []byte) (snapshotSpans, bool) {
	var list snapshotSpans
	depth, inside, key := 0, false, span{}
	for at := 0; at < len(document); at++ {
		switch document[at] {
		case '"':
			end := stringEnd(document, at)
			if end < 0 {
				return list, false
			}
			if depth == 1 {
				key = span{at, end}
			}
			at = end - 1
		case '{', '[':
			depth++
			switch {
			case depth == 2 && document[at] == '[' && isSnapshotsKey(document, key, at):
				if list.end > 0 {
					return list, false
				}
				list.start, inside = at, true
			case depth == 3 && inside:
				list.objects = append(list.objects, span{start: at})
			}
		case '}', ']':
			depth--
			switch {
			case depth == 2 && inside:
				list.objects[len(list.objects)-1].end = at + 1
			case depth == 1 && inside:
				list.end, inside = at+1, false
			}
		}
	}
	return list, depth == 0 && list.end > 0
}

// stringEnd is the position after a string's closing quote, or -1.
func stringEnd(document []byte, start int) int {
	for at := start + 1; at < len(document); {
		quote := bytes.IndexByte(document[at:], '"')
		if quote < 0 {
			return -1
		}
		at += quote
		escapes := 0
		for document[at-1-escapes] == '\\' {
			escapes++
		}
		at++
		if escapes%2 == 0 {
			return at
		}
	}
	return -1
}

// isSnapshotsKey reports whether what begins at a position is the value of "snapshots": only a colon stands in between.
func isSnapshotsKey(document []byte, key span, at int) bool {
	return string(document[key.start:key.end]) == `"snapshots"` && strings.TrimSpace(string(document[key.end:at])) == ":"
}

// needed are the snapshots that refs name, and the ancestry of main down to rows that our state is about.
func (l snapshotSpans) needed(document []byte) ([][]byte, bool) {
	var head struct {
		Refs map[string]struct {
			SnapshotID int64 `json:"snapshot-id"`
		} `json:"refs"`
		Current *int64 `json:"current-snapshot-id"`
	}
	rest := append(append([]byte{}, document[:l.start]...), "null"...)
	if err := json.Unmarshal(append(rest, document[l.end:]...), &head); err != nil {
		return nil, false
	}
	wanted := map[int64]bool{}
	for _, ref := range head.Refs {
		wanted[ref.SnapshotID] = true
	}
	next := int64(-1)
	if head.Current != nil && *head.Current != -1 {
		next = *head.Current
		wanted[next] = true
	}
	var kept [][]byte
	for i := len(l.objects) - 1; i >= 0 && len(wanted) > 0; i-- { // newest last: a parent stands before its child
		object := document[l.objects[i].start:l.objects[i].end]
		var s table.Snapshot
		if err := json.Unmarshal(object, &s); err != nil {
			return nil, false
		}
		if !wanted[s.SnapshotID] {
			continue
		}
		delete(wanted, s.SnapshotID)
		kept = append(kept, object)
		if s.SnapshotID == next && needsParent(&s) && s.ParentSnapshotID != nil {
			next = *s.ParentSnapshotID
			wanted[next] = true
		}
	}
	delete(wanted, next) // where it is missing, the ancestry ends in an expired snapshot
	return kept, len(wanted) == 0
}

// needsParent reports whether a snapshot's state is that of an earlier one, or none of ours.
func needsParent(s *table.Snapshot) bool {
	return s.Summary == nil || !ours(s.Summary.Properties) || carries(s.Summary.Properties[KeyMode])
}
