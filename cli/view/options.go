// Package view is what etl prints: plans, diagnostics, progress and tables, for people and for programs. Nothing is
// decided here; every form of a plan is drawn from its JSON, so that no two of them can differ.
package view

// Options say how to print.
type Options struct {
	Color bool
	// Width is the terminal's; 0 means the default of 84 columns.
	Width int
	// JSON prints events, one object a line, instead of text.
	JSON bool
	// Sensitive are the values that must never be printed.
	Sensitive []string
}

// defaultWidth is where the labels of a plan end if nobody says how wide the terminal is.
const defaultWidth = 84

// minWidth is where wrapping stops: narrower text is no longer read but spelled.
const minWidth = 40

// width is the number of columns to use.
func (o Options) width() int {
	switch {
	case o.Width <= 0:
		return defaultWidth
	case o.Width < minWidth:
		return minWidth
	default:
		return o.Width
	}
}
