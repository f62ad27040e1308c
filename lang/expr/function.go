package expr

import (
	"slices"
	"strings"
	"sync"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// FunctionKind says where a function may stand.
type FunctionKind string

// Function kinds.
const (
	Scalar        FunctionKind = "scalar"
	AggregateKind FunctionKind = "aggregate"
	WindowKind    FunctionKind = "window"
)

// Builtin describes one function of the engine: it drives type checks, completion and the reference.
type Builtin struct {
	Name  string
	Group string
	Kind  FunctionKind
	Doc   string
	// Example is an expression with the call, over columns that the reference names.
	Example string
	// Signatures are tried in order. Parameters are `name type`, with `?` optional and `...` repeated. Besides the
	// language's types there are: N a number, I a whole number, D a date or timestamp, T, K and V anything (the same
	// type wherever the same letter stands), O anything that has an order, any, text any scalar converted to string, unit and literal constant strings,
	// interval, days.
	Signatures []string
	// Ordered windows need the step to say `order`.
	Ordered bool

	// own is the result's type where no signature can say it; the text says what is wrong with the arguments.
	own func(args []*Typed) (coltype.Type, string)
	// check says what is wrong with constant arguments.
	check func(args []*Typed) string
}

// Builtins are all functions, by group and then by name.
func Builtins() []Builtin { return slices.Clone(table().list) }

// Lookup finds a function by its exact name.
func Lookup(name string) (Builtin, bool) {
	entry, ok := table().byName[name]
	return entry.Builtin, ok
}

// Names are the names of all functions, sorted; cast and try_cast are among them.
func Names() []string {
	names := []string{"cast", "try_cast"}
	for _, f := range table().list {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	return names
}

type entry struct {
	Builtin
	signatures []signature
}

type functionTable struct {
	list   []Builtin
	byName map[string]entry
}

// table parses the signatures once.
var table = sync.OnceValue(func() functionTable {
	t := functionTable{byName: map[string]entry{}}
	groups := [][]Builtin{
		stringFunctions(), patternFunctions(), numberFunctions(), dateFunctions(), datePartFunctions(), intervalFunctions(),
		nullFunctions(), listFunctions(), aggregateFunctions(), windowFunctions(),
	}
	for _, group := range groups {
		t.list = append(t.list, group...)
	}
	slices.SortStableFunc(t.list, func(a, b Builtin) int {
		if a.Group != b.Group {
			return strings.Compare(a.Group, b.Group)
		}
		return strings.Compare(a.Name, b.Name)
	})
	for _, f := range t.list {
		e := entry{Builtin: f}
		for _, text := range f.Signatures {
			e.signatures = append(e.signatures, parseSignature(text))
		}
		t.byName[f.Name] = e
	}
	return t
})
