package graph

import (
	"container/heap"
	"slices"
)

// order is Kahn's algorithm with a heap of what is ready.
func (e Edges) order() ([]string, error) {
	waiting := make(map[string]int, len(e.Dependencies))
	ready := &smallestFirst{}
	for key, dependencies := range e.Dependencies {
		waiting[key] = len(dependencies)
		if len(dependencies) == 0 {
			ready.keys = append(ready.keys, key)
		}
	}
	heap.Init(ready)
	order := make([]string, 0, len(waiting))
	for ready.Len() > 0 {
		key, _ := heap.Pop(ready).(string)
		order = append(order, key)
		delete(waiting, key)
		for _, dependant := range e.Dependants[key] {
			if waiting[dependant]--; waiting[dependant] == 0 {
				heap.Push(ready, dependant)
			}
		}
	}
	if len(waiting) > 0 {
		return nil, &CycleError{Path: e.cycle(waiting)}
	}
	return order, nil
}

// cycle finds one among the nodes that could not be ordered: each of them needs another of them or is one that does, so
// following the smallest such dependency comes back to where it was.
func (e Edges) cycle(left map[string]int) []string {
	at := sortedKeys(left)[0]
	seen := map[string]int{}
	var path []string
	for {
		if start, ok := seen[at]; ok {
			return closed(path[start:])
		}
		seen[at] = len(path)
		path = append(path, at)
		for _, dependency := range e.Dependencies[at] {
			if _, ok := left[dependency]; ok {
				at = dependency
				break
			}
		}
	}
}

// closed turns the cycle so that it starts at its smallest node, and repeats that at its end.
func closed(cycle []string) []string {
	first := slices.Index(cycle, slices.Min(cycle))
	turned := append(slices.Clone(cycle[first:]), cycle[:first]...)
	return append(turned, turned[0])
}

type smallestFirst struct{ keys []string }

func (s *smallestFirst) Len() int           { return len(s.keys) }
func (s *smallestFirst) Less(i, j int) bool { return s.keys[i] < s.keys[j] }
func (s *smallestFirst) Swap(i, j int)      { s.keys[i], s.keys[j] = s.keys[j], s.keys[i] }
func (s *smallestFirst) Push(key any)       { s.keys = append(s.keys, key.(string)) } //nolint:forcetypeassert // heap.Push of ours
func (s *smallestFirst) Pop() any {
	last := len(s.keys) - 1
	key := s.keys[last]
	s.keys = s.keys[:last]
	return key
}
