package graph

import (
	"container/heap"
	"context"
)

// Outcome is what became of a node in a walk.
type Outcome string

// Outcomes.
const (
	Done     Outcome = "done"
	Failed   Outcome = "failed"   // visit returned an error
	Skipped  Outcome = "skipped"  // something that it needs failed
	Canceled Outcome = "canceled" // never started, since the walk was cancelled
)

// Result is a node's outcome.
type Result struct {
	Key     string
	Outcome Outcome
	Err     error // of Failed
	// Cause is the failed node that made this one be skipped; of several, the first in the graph's order.
	Cause string
}

// Visit does the work of one node. All that the node needs is done when it is called.
type Visit func(ctx context.Context, key string) error

// Walker visits every node of a graph after what it needs, several at a time.
type Walker struct {
	// Parallelism is how many visits run at once; less than 1 means 1.
	Parallelism int
	// Skipped, if set, is told of every skipped node, once and as soon as it is known, from the goroutine of Walk.
	Skipped func(Result)
}

// Walk is Walker.Walk without anybody to tell of skipped nodes.
func (g *Graph) Walk(ctx context.Context, parallelism int, visit Visit) ([]Result, error) {
	return Walker{Parallelism: parallelism}.Walk(ctx, g, visit)
}

// Walk gives every node's result, in the graph's order. A failed node's descendants are skipped, other branches go on. A
// cancelled context starts no new visit; those that run are waited for. The error is only of the graph itself (a cycle).
func (w Walker) Walk(ctx context.Context, g *Graph, visit Visit) ([]Result, error) {
	edges, err := g.Edges()
	if err != nil {
		return nil, err
	}
	order, err := edges.order()
	if err != nil {
		return nil, err
	}
	r := newRun(w, edges, order, visit)
	r.loop(ctx)
	return r.results, nil
}

// run is one walk. Only the goroutine of Walk touches it; visits report over the channel.
type run struct {
	Walker
	edges   Edges
	visit   Visit
	at      map[string]int // place in the order, and in results
	results []Result
	waiting []int // dependencies that are not settled yet
	ready   readyNodes
	running int
	done    chan Result
}

func newRun(w Walker, edges Edges, order []string, visit Visit) *run {
	w.Parallelism = max(w.Parallelism, 1)
	r := &run{
		Walker: w, edges: edges, visit: visit,
		at: make(map[string]int, len(order)), results: make([]Result, len(order)), waiting: make([]int, len(order)),
		done: make(chan Result),
	}
	for i, key := range order {
		r.at[key] = i
		r.results[i] = Result{Key: key}
		r.waiting[i] = len(edges.Dependencies[key])
		if r.waiting[i] == 0 {
			heap.Push(&r.ready, i)
		}
	}
	return r
}

func (r *run) loop(ctx context.Context) {
	for {
		for r.running < r.Parallelism && r.ready.Len() > 0 && ctx.Err() == nil {
			r.start(ctx, heap.Pop(&r.ready).(int)) //nolint:forcetypeassert // heap of ours
		}
		if r.running == 0 {
			break
		}
		result := <-r.done
		r.running--
		r.settle(result)
	}
	for i := range r.results {
		if r.results[i].Outcome == "" {
			r.results[i].Outcome = Canceled
		}
	}
}

func (r *run) start(ctx context.Context, i int) {
	r.running++
	key := r.results[i].Key
	go func() {
		result := Result{Key: key, Outcome: Done}
		if err := r.visit(ctx, key); err != nil {
			result.Outcome, result.Err = Failed, err
		}
		r.done <- result
	}()
}

// settle records a result and sees to the dependants that waited for nothing else.
func (r *run) settle(result Result) {
	open := []Result{result}
	for len(open) > 0 {
		result, open = open[0], open[1:]
		r.results[r.at[result.Key]] = result
		for _, key := range r.edges.Dependants[result.Key] {
			i := r.at[key]
			if r.waiting[i]--; r.waiting[i] > 0 {
				continue
			}
			if cause := r.cause(key); cause != "" {
				skipped := Result{Key: key, Outcome: Skipped, Cause: cause}
				open = append(open, skipped)
				r.tell(skipped)
				continue
			}
			heap.Push(&r.ready, i)
		}
	}
}

func (r *run) tell(skipped Result) {
	if r.Skipped != nil {
		r.Skipped(skipped)
	}
}

// cause is the failed node above key, "" if there is none. All its dependencies are settled, so that the answer doesn't hang
// on which of them came last.
func (r *run) cause(key string) string {
	first := ""
	for _, dependency := range r.edges.Dependencies[key] {
		result := r.results[r.at[dependency]]
		candidate := result.Cause
		if result.Outcome == Failed {
			candidate = result.Key
		}
		if candidate != "" && (first == "" || r.at[candidate] < r.at[first]) {
			first = candidate
		}
	}
	return first
}

// readyNodes is a heap of places in the order.
type readyNodes []int

func (n readyNodes) Len() int           { return len(n) }
func (n readyNodes) Less(i, j int) bool { return n[i] < n[j] }
func (n readyNodes) Swap(i, j int)      { n[i], n[j] = n[j], n[i] }
func (n *readyNodes) Push(i any)        { *n = append(*n, i.(int)) } //nolint:forcetypeassert // heap.Push of ours
func (n *readyNodes) Pop() any {
	last := len(*n) - 1
	i := (*n)[last]
	*n = (*n)[:last]
	return i
}
