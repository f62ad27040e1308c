// Package graph orders what depends on each other and walks it in parallel. Nodes are strings (addresses); an edge says
// that one node needs another to be done first. Everything that a person can see of it is sorted.
package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	dag "github.com/dominikbraun/graph"
)

// Graph is a set of nodes and of dependencies between them. It may hold cycles until Order is asked.
// It is safe for concurrent reading once nothing is added any more.
type Graph struct {
	nodes dag.Graph[string, string]
}

// New is an empty graph.
func New() *Graph {
	return &Graph{nodes: dag.New(dag.StringHash, dag.Directed())}
}

// Add adds a node; adding it twice is the same as once.
func (g *Graph) Add(key string) {
	// The only error is that it exists already.
	_ = g.nodes.AddVertex(key)
}

// Depend says that key needs dependency to be done first, adding both where they are missing. A node that depends on
// itself is kept and reported by Order.
func (g *Graph) Depend(key, dependency string) error {
	g.Add(key)
	g.Add(dependency)
	err := g.nodes.AddEdge(dependency, key)
	if err != nil && !errors.Is(err, dag.ErrEdgeAlreadyExists) {
		return fmt.Errorf("adding the dependency of %s on %s: %w", key, dependency, err)
	}
	return nil
}

// Edges are the two directions of the dependencies, sorted.
type Edges struct {
	Dependencies map[string][]string // node → what it needs
	Dependants   map[string][]string // node → what needs it
}

// Edges gives all nodes with what they need and what needs them.
func (g *Graph) Edges() (Edges, error) {
	before, err := g.nodes.PredecessorMap()
	if err != nil {
		return Edges{}, fmt.Errorf("reading the graph: %w", err)
	}
	edges := Edges{Dependencies: make(map[string][]string, len(before)), Dependants: make(map[string][]string, len(before))}
	for _, key := range sortedKeys(before) {
		edges.Dependencies[key] = sortedKeys(before[key])
		for _, dependency := range edges.Dependencies[key] {
			edges.Dependants[dependency] = append(edges.Dependants[dependency], key)
		}
	}
	return edges, nil
}

// Order is the nodes in an order in which each comes after all that it needs; among those that could come next the
// smallest does, so that the order is the same for the same graph. A cycle gives a *CycleError.
func (g *Graph) Order() ([]string, error) {
	edges, err := g.Edges()
	if err != nil {
		return nil, err
	}
	return edges.order()
}

// Descendants are all nodes that need key, directly or through others, sorted; key itself is not among them.
func (g *Graph) Descendants(key string) ([]string, error) {
	edges, err := g.Edges()
	if err != nil {
		return nil, err
	}
	return reach(key, edges.Dependants), nil
}

// Ancestors are all nodes that key needs, directly or through others, sorted; key itself is not among them.
func (g *Graph) Ancestors(key string) ([]string, error) {
	edges, err := g.Edges()
	if err != nil {
		return nil, err
	}
	return reach(key, edges.Dependencies), nil
}

func reach(from string, edges map[string][]string) []string {
	seen := map[string]bool{from: true}
	open := []string{from}
	var found []string
	for len(open) > 0 {
		key := open[len(open)-1]
		open = open[:len(open)-1]
		for _, next := range edges[key] {
			if !seen[next] {
				seen[next] = true
				found = append(found, next)
				open = append(open, next)
			}
		}
	}
	slices.Sort(found)
	return found
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// CycleError says that nodes need each other.
type CycleError struct {
	// Path is the cycle: each needs the next, and the last is the first again. It starts at its smallest node.
	Path []string
}

func (e *CycleError) Error() string {
	return "a cycle: " + strings.Join(e.Path, " → ")
}
