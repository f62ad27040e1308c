package engine

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"
)

// step is a step in HCL that can stand wherever its columns exist.
type step struct {
	needs string // columns
	makes string // columns
	only  bool   // makes is all that is left
	wide  bool   // it looks at more than one row
	key   string // no two rows have these columns in common afterwards
	text  string
}

func rowSteps() []step {
	return []step{
		{needs: "amount", text: `filter { where = amount > 2 }`},
		{needs: "customer", text: `filter { where = customer != "b" }`},
		{needs: "qty", text: `filter { where = qty % 2 == 0 || qty == null }`},
		{needs: "amount qty", makes: "total", text: `derive { total = coalesce(amount, 0) * coalesce(qty, 1) }`},
		{needs: "customer", makes: "customer", text: `derive { customer = upper(customer) }`},
		{needs: "at", makes: "day", text: `derive { day = date(at) }`},
		{needs: "qty", makes: "qty", text: `cast { qty = double }`},
		{needs: "id customer amount at", makes: "id customer amount at", only: true, text: `select { columns = [at, customer, amount, id] }`},
		{needs: "x", text: `select { except = [x] }`},
		{needs: "customer", makes: "label", text: "join \"left\" {\n with = table.bronze.customers\n as = c\n on = customer == c.id\n columns = { label = c.name }\n}"},
		{needs: "customer", makes: "label", text: "join \"inner\" {\n with = table.bronze.customers\n as = c\n on = customer == c.id\n columns = { label = c.name }\n}"},
		{needs: "customer", text: "join \"anti\" {\n with = table.bronze.customers\n as = c\n on = customer == c.id\n}"},
		{needs: "words", makes: "word", text: "derive { parts = split(words, \" \") }\nunnest {\n column = parts\n as = word\n}"},
	}
}

func wideSteps() []step {
	return []step{
		{needs: "id customer amount x qty at words", wide: true, text: `union { with = [table.bronze.more] }`},
		{needs: "id at", wide: true, key: "id", text: "dedupe {\n key = [id]\n keep = latest(at)\n}"},
		{needs: "customer at", wide: true, key: "customer at", text: `dedupe { key = [customer, at] }`},
		{needs: "customer amount at x", makes: "customer amount at x", only: true, wide: true, key: "customer",
			text: "aggregate {\n by = [customer]\n amount = sum(amount)\n at = max(at)\n x = max(x)\n n = count()\n}"},
		{needs: "at amount", makes: "day amount", only: true, wide: true, key: "day", text: "aggregate {\n by = { day = date(at) }\n amount = sum(amount)\n}"},
		{needs: "amount", makes: "amount", only: true, wide: true, text: "aggregate {\n amount = sum(amount)\n n = count()\n}"},
		{needs: "customer at amount", makes: "place before", wide: true,
			text: "window {\n by = [customer]\n order = [at]\n columns = { place = row_number(), before = lag(amount) }\n}"},
		{needs: "at amount", makes: "running", wide: true, text: "window {\n order = [at]\n columns = { running = row_number() }\n}"},
		{needs: "customer at", makes: "visit", wide: true, text: "session {\n by = [customer]\n at = at\n gap = \"3h\"\n as = visit\n}"},
		{needs: "id amount", wide: true, text: `sort { by = [desc(amount), id] }`},
	}
}

// chain is a table that random steps make of another one.
type chain struct {
	from string
	text []string
	have []string // columns
	wide bool
	key  []string
}

func drawChain(t *rapid.T) chain {
	return drawBelow(t, "bronze.orders", strings.Fields("id customer amount x qty at words"))
}

// drawBelow draws steps over a table with these columns.
func drawBelow(t *rapid.T, from string, have []string) chain {
	c := chain{from: from, have: slices.Clone(have)}
	rows, wide := rowSteps(), wideSteps()
	if from != "bronze.orders" {
		wide = wide[1:] // the table to unite with has other types
	}
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		pool := rows
		if rapid.IntRange(0, 2).Draw(t, "wide") == 0 {
			pool = wide
		}
		s := rapid.SampledFrom(pool).Draw(t, "step")
		if containsAll(c.have, strings.Fields(s.needs)) && !containsAny(c.have, added(s)) {
			c.take(s)
		}
	}
	return c
}

// added are the columns of a step that must not be there before.
func added(s step) []string {
	return slices.DeleteFunc(strings.Fields(s.makes), func(name string) bool { return slices.Contains(strings.Fields(s.needs), name) })
}

func (c *chain) take(s step) {
	c.text = append(c.text, s.text)
	c.wide = c.wide || s.wide
	if s.only {
		c.have = nil
	}
	for _, name := range strings.Fields(s.makes) {
		if !slices.Contains(c.have, name) {
			c.have = append(c.have, name)
		}
	}
	if strings.HasPrefix(s.text, "select { except") {
		c.have = slices.DeleteFunc(c.have, func(name string) bool { return name == "x" })
	}
	c.key = strings.Fields(s.key)
}

// write draws a mode that the promise holds for: a merge keeps rows that its input no longer has, so only keys that
// never vanish are merged.
func (c *chain) write(t *rapid.T) string {
	modes := []string{""}
	if !c.wide {
		modes = append(modes, `write "append" {}`)
	}
	for _, by := range []string{"customer", "day", "at"} {
		if slices.Contains(c.have, by) {
			modes = append(modes, fmt.Sprintf(`write "partitions" { by = [%s] }`, by))
			if by != "customer" {
				modes = append(modes, fmt.Sprintf("write \"partitions\" {\n by = [%s]\n lookback = \"1d\"\n}", by))
			}
		}
	}
	if c.from == "bronze.orders" && len(c.key) > 0 && len(c.text) == 1 && !slices.Contains(c.key, "x") {
		modes = append(modes, fmt.Sprintf(`write "merge" { key = [%s] }`, strings.Join(c.key, ", ")))
	}
	return rapid.SampledFrom(modes).Draw(t, "write")
}

func (c *chain) layout(t *rapid.T) string {
	layouts := []string{"", ""}
	if slices.Contains(c.have, "customer") {
		layouts = append(layouts, "partition_by = [customer]")
	}
	if slices.Contains(c.have, "at") {
		layouts = append(layouts, "partition_by = [day(at)]", "sort_by = [at]")
	}
	if slices.Contains(c.have, "id") {
		layouts = append(layouts, "partition_by = [bucket(3, id)]")
	}
	return rapid.SampledFrom(layouts).Draw(t, "layout")
}

// check draws a check that takes rows out, or none. A merge would keep what a later run takes out.
func (c *chain) check(t *rapid.T, merged bool) string {
	checks := []string{"", ""}
	action := rapid.SampledFrom([]string{"drop", "quarantine"}).Draw(t, "action")
	if !merged && slices.Contains(c.have, "customer") {
		checks = append(checks, `{ not_null = [customer] }`, `{ references = { customer = table.bronze.customers.id } }`, `{ unique = [customer] }`)
	}
	if !merged && slices.Contains(c.have, "amount") {
		checks = append(checks, `{ that = amount < 90 }`, `{ unique = [amount] }`)
	}
	drawn := rapid.SampledFrom(checks).Draw(t, "check")
	if drawn == "" {
		return ""
	}
	return fmt.Sprintf("expect %q \"good\" %s", action, drawn)
}

func (c *chain) table(t *rapid.T, name string) string {
	write := c.write(t)
	check := c.check(t, strings.Contains(write, "merge"))
	body := append(append([]string{"from = table." + c.from}, c.text...), write, c.layout(t), check)
	layer, name, _ := strings.Cut(name, ".")
	return fmt.Sprintf("table %q %q {\n%s\n}\n", layer, name, strings.Join(body, "\n"))
}

func containsAll(list, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !slices.Contains(list, name) })
}

func containsAny(list, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(list, name) })
}
