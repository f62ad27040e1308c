package compile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/lang/addr"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Kinds of incremental refresh.
const (
	// AppendRows: Query with all Drivers bound to their new rows gives exactly the new rows of the output.
	AppendRows = "append"
	// TouchedKeys: KeysQuery gives the keys that new rows touch, KeyedQuery all rows of the output with those keys.
	TouchedKeys = "keys"
	// Recompute: the whole query has to run.
	Recompute = "none"
)

// Incremental says what new rows of the drivers do to the output. It holds as long as every side is unchanged and the
// drivers only gained rows.
type Incremental struct {
	Kind string
	// Why says in words why it isn't less: `recomputes fully: a window over the whole input`.
	Why string
	// Drivers are the tables whose rows the steps transform: the driving one and those of unions. All must be bound
	// to their new rows (none, for one that gained nothing) at once.
	Drivers []addr.Address
	// KeysQuery reads the drivers' new rows in NewSchema. Its columns are k0, k1, …
	KeysQuery string
	// KeyedQuery reads the keys as a table KeysTable in KeysSchema.
	KeyedQuery string
	// OutputKeys are the output columns with the keys, in the order of KeysQuery's columns: rows of the old output with
	// touched keys, compared null-safe, are replaced by KeyedQuery's. AppendRows has the keys too where the driver's identity
	// reaches the output: for rows of it that were changed or removed.
	OutputKeys []string
}

// refresh follows what incremental refresh is possible while the steps are walked.
type refresh struct {
	why  string // not empty: nothing less than everything
	keys []key  // of the keyed step, once there was one
	// keysQuery is finished where the keyed step stands.
	keysQuery string
	step      string // of the keyed step
	// mixed says that a step made rows of several rows.
	mixed bool
}

// key is one key of the keyed step; name is its column now, empty once it is gone.
type key struct {
	name    string
	written string
	local   string // its SQL with instants in UTC, for texts made of it
}

func (r *refresh) fully(why string) {
	if r.why == "" {
		r.why = why
	}
}

// replaced forgets keys whose column holds something else now.
func (r *refresh) replaced(names ...string) {
	for i, k := range r.keys {
		if slices.Contains(names, k.name) {
			r.keys[i].name = ""
		}
	}
}

func (r *refresh) kept(f frame) {
	for i, k := range r.keys {
		if f.index(k.name) < 0 {
			r.keys[i].name = ""
		}
	}
}

func (r *refresh) renamed(names map[string]string) {
	for i, k := range r.keys {
		if name, ok := names[k.name]; ok {
			r.keys[i].name = name
		}
	}
}

// keyed makes the next step one that needs all rows of a key. Its input becomes a step of its own, which KeyedQuery
// restricts.
func (b *builder) keyed(step string, sql []string, keys []key) {
	b.unfollow(step)
	b.frame.loaded, b.refresh.mixed = false, true
	switch {
	case len(b.refresh.keys) > 0:
		b.refresh.fully(fmt.Sprintf("%s after %s: the rows of a key can come from several keys before", step, b.refresh.step))
		return
	case len(keys) == 0:
		b.refresh.fully("over the whole input: " + step)
		return
	}
	b.refresh.keys, b.refresh.step = keys, step
	b.refresh.keysQuery = b.keysQuery(sql)
	from := b.frame
	var match []string
	for i, k := range sql {
		match = append(match, fmt.Sprintf("k.%s IS NOT DISTINCT FROM %s", keyName(i), k))
	}
	all := "SELECT " + strings.Join(from.selects(), ", ") + " FROM " + dialect.Ident(from.name)
	b.push(from, cte{sql: all, keyed: all + " SEMI JOIN " + relation(KeysSchema, KeysTable) + " AS k ON " + strings.Join(match, " AND ")})
}

func (b *builder) keysQuery(sql []string) string {
	parts := make([]string, len(sql))
	for i, k := range sql {
		parts[i] = k + " AS " + keyName(i)
	}
	query := "SELECT DISTINCT " + strings.Join(parts, ", ") + " FROM " + dialect.Ident(b.frame.name)
	return with(b.ctes, func(c cte) string { return firstOf(c.fresh, c.sql) }) + query
}

func keyName(i int) string { return dialect.Ident(fmt.Sprintf("k%d", i)) }

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// with lists the steps, each to be computed where it is read: materialised, each would hold all rows.
func with(ctes []cte, form func(cte) string) string {
	parts := make([]string, len(ctes))
	for i, c := range ctes {
		parts[i] = dialect.Ident(c.name) + " AS NOT MATERIALIZED (" + form(c) + ")"
	}
	return "WITH " + strings.Join(parts, ",\n") + "\n"
}

// incremental is the verdict once all steps are known; output is the visible columns, final the last SELECT.
func (b *builder) incremental(output coltype.Schema, final string) Incremental {
	inc := Incremental{Kind: AppendRows, Why: "takes the new rows alone: every step looks at one row at a time"}
	inc.Drivers = append(inc.Drivers, b.drivers...)
	for _, side := range b.sides {
		if slices.Contains(b.drivers, side) {
			b.refresh.fully(fmt.Sprintf("%s is joined with rows of its own", side))
		}
	}
	if len(b.refresh.keys) > 0 {
		b.keyedRefresh(&inc, output.Names(), final)
	} else {
		b.identified(&inc, output, final)
	}
	if b.refresh.why != "" {
		return Incremental{Kind: Recompute, Why: "recomputes fully: " + b.refresh.why, Drivers: inc.Drivers}
	}
	return inc
}

// identified finds the keys by which rows that come of one row of the driver are found, whatever else they are.
func (b *builder) identified(inc *Incremental, output coltype.Schema, final string) {
	in := b.inputs[b.drivers[0]]
	if len(b.drivers) > 1 || in.Changes || len(in.Identity) == 0 {
		return
	}
	var names, keys, match []string
	for i, k := range in.Identity {
		name := b.unchanged(k, in, output)
		if name == "" {
			return
		}
		names = append(names, name)
		keys = append(keys, dialect.Ident(k)+" AS "+keyName(i))
		match = append(match, fmt.Sprintf("k.%s IS NOT DISTINCT FROM q.%s", keyName(i), dialect.Ident(k)))
	}
	inc.OutputKeys = names
	inc.KeysQuery = "SELECT DISTINCT " + strings.Join(keys, ", ") + " FROM " + relation(NewSchema, in.Ident.Name)
	rows := b.ctes[0].sql
	restricted := "SELECT q.* FROM (" + rows + ") AS q SEMI JOIN " + relation(KeysSchema, KeysTable) + " AS k ON " + strings.Join(match, " AND ")
	inc.KeyedQuery = with(b.ctes, func(c cte) string {
		if c.name == b.ctes[0].name {
			return restricted
		}
		return c.sql
	}) + final
}

// unchanged is the output column that has a column of the input as it was, empty if there is none.
func (b *builder) unchanged(name string, in Input, output coltype.Schema) string {
	was, _ := in.Columns.Lookup(name)
	for _, c := range b.frame.columns {
		f, ok := output.Lookup(c.Name)
		if c.plain && !c.hidden && !c.internal && slices.Equal(c.of, []string{name}) && ok && f.Type.Equal(was.Type) {
			return c.Name
		}
	}
	return ""
}

func (b *builder) keyedRefresh(inc *Incremental, output []string, final string) {
	var written []string
	for _, k := range b.refresh.keys {
		if !slices.Contains(output, k.name) {
			b.refresh.fully(fmt.Sprintf("the key %s of %s doesn't reach the output", k.written, b.refresh.step))
			return
		}
		inc.OutputKeys = append(inc.OutputKeys, k.name)
		written = append(written, k.written)
	}
	if b.sameNewName() {
		b.refresh.fully("two of the tables in the union have the same name")
		return
	}
	inc.Kind = TouchedKeys
	inc.Why = "recomputes the keys that new rows touch: " + strings.Join(written, ", ")
	inc.KeysQuery = b.refresh.keysQuery
	inc.KeyedQuery = with(b.ctes, func(c cte) string { return firstOf(c.keyed, c.sql) }) + final
}

func (b *builder) sameNewName() bool {
	seen := map[string]string{}
	for _, d := range b.drivers {
		ident := b.inputs[d].Ident
		if other, twice := seen[ident.Name]; twice && other != ident.Namespace {
			return true
		}
		seen[ident.Name] = ident.Namespace
	}
	return false
}
