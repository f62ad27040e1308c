package graph

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

func build(t testing.TB, edges ...[2]string) *Graph {
	t.Helper()
	g := New()
	for _, e := range edges {
		if err := g.Depend(e[0], e[1]); err != nil {
			t.Fatal(err)
		}
	}
	return g
}

func TestOrderPrefersTheSmallest(t *testing.T) {
	g := build(t, [2]string{"gold", "silver"}, [2]string{"silver", "bronze"}, [2]string{"gold", "airlines"}, [2]string{"gold", "silver"})
	g.Add("alone")
	order, err := g.Order()
	want := []string{"airlines", "alone", "bronze", "silver", "gold"}
	if err != nil || !reflect.DeepEqual(order, want) {
		t.Fatalf("order %v, %v; want %v", order, err, want)
	}
}

func TestOrderNamesTheCycle(t *testing.T) {
	cases := map[string]struct {
		edges [][2]string
		want  []string
	}{
		"itself":        {[][2]string{{"a", "a"}}, []string{"a", "a"}},
		"two":           {[][2]string{{"b", "a"}, {"a", "b"}}, []string{"a", "b", "a"}},
		"below a cycle": {[][2]string{{"a", "c"}, {"c", "d"}, {"d", "b"}, {"b", "c"}}, []string{"b", "c", "d", "b"}},
		"above a cycle": {[][2]string{{"c", "a"}, {"c", "d"}, {"d", "c"}}, []string{"c", "d", "c"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := build(t, c.edges...).Order()
			var cycle *CycleError
			if !errors.As(err, &cycle) || !reflect.DeepEqual(cycle.Path, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestReach(t *testing.T) {
	g := build(t, [2]string{"c", "b"}, [2]string{"b", "a"}, [2]string{"d", "b"}, [2]string{"x", "y"})
	down, _ := g.Descendants("a")
	up, _ := g.Ancestors("d")
	if !reflect.DeepEqual(down, []string{"b", "c", "d"}) || !reflect.DeepEqual(up, []string{"a", "b"}) {
		t.Fatalf("descendants %v, ancestors %v", down, up)
	}
}

// acyclic draws a graph whose edges go from later to earlier numbers, so that it has no cycle.
func acyclic(t *rapid.T) (*Graph, map[string][]string) {
	n := rapid.IntRange(0, 30).Draw(t, "nodes")
	g := New()
	needs := map[string][]string{}
	names := rapid.Permutation(numbers(n)).Draw(t, "names")
	for i := range n {
		key := fmt.Sprint(names[i])
		g.Add(key)
		needs[key] = nil
		for j := range i {
			if rapid.IntRange(0, 5).Draw(t, "edge") == 0 {
				dependency := fmt.Sprint(names[j])
				needs[key] = append(needs[key], dependency)
				if err := g.Depend(key, dependency); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return g, needs
}

func numbers(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

func TestWalkKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, needs := acyclic(t)
		failing := map[string]bool{}
		for _, key := range sortedKeys(needs) {
			failing[key] = rapid.IntRange(0, 6).Draw(t, "fails") == 0
		}
		var mu sync.Mutex
		finished, visits := map[string]bool{}, map[string]int{}
		told := map[string]int{}
		parallelism := rapid.IntRange(0, 4).Draw(t, "parallelism")
		running, most := 0, 0
		walker := Walker{Parallelism: parallelism, Skipped: func(r Result) { told[r.Key]++ }}
		results, err := walker.Walk(context.Background(), g, func(_ context.Context, key string) error {
			mu.Lock()
			running++
			most = max(most, running)
			visits[key]++
			for _, dependency := range needs[key] {
				if !finished[dependency] {
					t.Errorf("%s started before %s was done", key, dependency)
				}
			}
			mu.Unlock()
			defer func() { mu.Lock(); running--; finished[key] = true; mu.Unlock() }()
			if failing[key] {
				return errors.New(key)
			}
			return nil
		})
		if err != nil || len(results) != len(needs) {
			t.Fatalf("%d results for %d nodes, %v", len(results), len(needs), err)
		}
		if most > max(parallelism, 1) {
			t.Fatalf("%d at once, %d allowed", most, parallelism)
		}
		order, _ := g.Order()
		for i, r := range results {
			if order[i] != r.Key {
				t.Fatalf("result %d is of %s, not %s", i, r.Key, order[i])
			}
			checkResult(t, g, r, failing, visits[r.Key], told[r.Key], order)
		}
	})
}

func checkResult(t *rapid.T, g *Graph, r Result, failing map[string]bool, visits, told int, order []string) {
	above, err := g.Ancestors(r.Key)
	if err != nil {
		t.Fatal(err)
	}
	blocked := false
	for _, key := range above {
		// A failing node that was itself skipped never failed, but then another one above it did.
		blocked = blocked || failing[key]
	}
	want := Done
	switch {
	case blocked:
		want = Skipped
	case failing[r.Key]:
		want = Failed
	}
	if r.Outcome != want || (r.Err != nil) != (want == Failed) {
		t.Fatalf("%s: %s (%v), want %s", r.Key, r.Outcome, r.Err, want)
	}
	if skipped := want == Skipped; skipped != (visits == 0) || skipped != (told == 1) || visits+told != 1 {
		t.Fatalf("%s: %s, visited %d times, told %d times", r.Key, r.Outcome, visits, told)
	}
	if want == Skipped && (!failing[r.Cause] || !slices.Contains(above, r.Cause) || r.Cause != firstRoot(t, g, above, failing, order)) {
		t.Fatalf("%s was skipped because of %q", r.Key, r.Cause)
	}
}

// firstRoot is the first node of the order that failed and is above.
func firstRoot(t *rapid.T, g *Graph, above []string, failing map[string]bool, order []string) string {
	for _, key := range order {
		if !failing[key] || !slices.Contains(above, key) {
			continue
		}
		higher, err := g.Ancestors(key)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(higher, func(k string) bool { return failing[k] }) {
			return key
		}
	}
	return ""
}

func TestCancelStartsNothingNew(t *testing.T) {
	g := build(t, [2]string{"b", "a"}, [2]string{"c", "b"})
	ctx, cancel := context.WithCancel(context.Background())
	results, err := g.Walk(ctx, 2, func(_ context.Context, key string) error {
		if key == "a" {
			cancel()
		}
		return nil
	})
	want := []Result{{Key: "a", Outcome: Done}, {Key: "b", Outcome: Canceled}, {Key: "c", Outcome: Canceled}}
	if err != nil || !reflect.DeepEqual(results, want) {
		t.Fatalf("%v, %v", results, err)
	}
}

func TestWalkRefusesACycle(t *testing.T) {
	_, err := build(t, [2]string{"a", "b"}, [2]string{"b", "a"}).Walk(context.Background(), 1, func(context.Context, string) error {
		t.Error("visited")
		return nil
	})
	var cycle *CycleError
	if !errors.As(err, &cycle) {
		t.Fatal(err)
	}
}
