// Package offer is what a connection offers, as `source` blocks ready to paste. The text is drawn from the document that
// programs get, so that the two can't differ.
package offer

import (
	"cmp"
	"io"
	"slices"
	"strings"

	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// Setting is an attribute in the language's syntax.
type Setting struct{ Name, Value string }

// Asked is what was asked of a provider.
type Asked struct {
	Schema schema.Provider
	// Connection is the address of the project's connection, or of the one that Through describes. Empty: none is needed.
	Connection string
	Through    []Setting // of a connection that no file has
	Source     []Setting
	Project    *config.Project // nil: none
}

// Document is the answer.
type Document struct {
	FormatVersion int      `json:"format_version"`
	Type          string   `json:"type"`
	Connection    string   `json:"connection,omitempty"`
	HCL           string   `json:"hcl,omitempty"` // of the connection, if no file has it yet
	Streams       []Stream `json:"streams"`
}

// Stream is one thing that can be read.
type Stream struct {
	Name    string     `json:"name"`
	Source  string     `json:"source"` // address of the block
	Columns []Column   `json:"columns"`
	Keys    [][]string `json:"keys,omitempty"`
	Cursors []string   `json:"cursors,omitempty"`
	// Unindexed are those of the cursors that no index begins with.
	Unindexed []string `json:"unindexed,omitempty"`
	Rows      *int64   `json:"rows,omitempty"` // estimate
	Bytes     *int64   `json:"bytes,omitempty"`
	ReadBy    []string `json:"read_by,omitempty"` // the project's sources that read it already
	HCL       string   `json:"hcl"`
}

// Column is a column of a stream.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
}

// New describes streams, in the order of their names.
func New(asked Asked, found []sdk.Stream) (Document, error) {
	found = slices.Clone(found)
	slices.SortStableFunc(found, func(a, b sdk.Stream) int { return cmp.Compare(a.Name, b.Name) })
	d := Document{FormatVersion: 1, Type: asked.Schema.Name, Connection: asked.Connection, Streams: []Stream{}}
	var err error
	if d.HCL, err = asked.connection(); err != nil {
		return d, err
	}
	names := asked.names(found)
	for i, stream := range found {
		s := described(stream)
		s.Source = "source." + asked.Schema.Name + "." + names[i]
		set := asked.settings(stream)
		s.ReadBy = asked.readers(set)
		if s.HCL, err = asked.source(names[i], set, s); err != nil {
			return d, err
		}
		d.Streams = append(d.Streams, s)
	}
	return d, nil
}

func described(in sdk.Stream) Stream {
	s := Stream{Name: in.Name, Columns: []Column{}, Keys: in.Keys, Cursors: in.Cursors, Unindexed: in.Unindexed}
	for _, column := range in.Columns {
		s.Columns = append(s.Columns, Column{Name: column.Name, Type: column.Type.String(), Required: column.Required})
	}
	if in.Rows >= 0 {
		s.Rows = &in.Rows
	}
	if in.Bytes >= 0 {
		s.Bytes = &in.Bytes
	}
	return s
}

// Text writes the blocks.
func (d Document) Text(w io.Writer) error {
	var blocks []string
	if d.HCL != "" {
		blocks = append(blocks, d.HCL)
	}
	for _, s := range d.Streams {
		blocks = append(blocks, s.HCL)
	}
	_, err := io.WriteString(w, strings.Join(blocks, "\n"))
	return err
}
