package addr

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	cases := map[string]Address{
		`table.silver.orders`:        {Kind: Table, Type: "silver", Name: "orders"},
		`table.gold.customers["eu"]`: {Kind: Table, Type: "gold", Name: "customers", Key: "eu"},
		`table.gold.customers[1]`:    {Kind: Table, Type: "gold", Name: "customers", Key: "1"},
		`source.postgres.orders`:     {Kind: Source, Type: "postgres", Name: "orders"},
		`connection.postgres.shop`:   {Kind: Connection, Type: "postgres", Name: "shop"},
		`model.anthropic.claude`:     {Kind: Model, Type: "anthropic", Name: "claude"},
		`var.shop_dsn`:               {Kind: Variable, Name: "shop_dsn"},
		`local.x`:                    {Kind: Local, Name: "x"},
		`layer.bronze`:               {Kind: Layer, Name: "bronze"},
		` table.silver.orders `:      {Kind: Table, Type: "silver", Name: "orders"},
	}
	for text, want := range cases {
		got, err := Parse(text)
		if text[0] == ' ' {
			if err == nil && got != want {
				t.Errorf("%q: %v", text, got)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	cases := map[string]string{
		"":                           "is no address",
		"table":                      "needs two names",
		"table.silver":               "needs two names",
		"table.silver.orders.id":     "goes on after table.silver.orders",
		"tabel.silver.orders":        `no kind of block named "tabel"`,
		`table["silver"].orders`:     "needs two names",
		"table.silver.orders[null]":  "is no address",
		`table.silver.orders[""]`:    "not empty",
		"var":                        "needs a name",
		"table.silver.orders[\"eu\"": "is no address",
		"table.silver.orders; drop":  "is no address",
	}
	for text, want := range cases {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v; want an error with %q", text, err, want)
		}
	}
}

func TestStringParsesBack(t *testing.T) {
	name := rapid.StringMatching(`[a-z][a-z0-9_]{0,8}`)
	rapid.Check(t, func(t *rapid.T) {
		a := Address{Kind: Table, Type: name.Draw(t, "layer"), Name: name.Draw(t, "name")}
		if rapid.Bool().Draw(t, "keyed") {
			a.Key = name.Draw(t, "key")
		}
		got, err := Parse(a.String())
		if err != nil || got != a {
			t.Fatalf("Parse(%s) = %+v, %v", a, got, err)
		}
	})
}

func TestOrderAndIdent(t *testing.T) {
	texts := []string{`table.gold.b`, `table.gold.a["us"]`, `source.csv.z`, `table.gold.a["eu"]`, `table.bronze.z`}
	want := []string{`source.csv.z`, `table.bronze.z`, `table.gold.a["eu"]`, `table.gold.a["us"]`, `table.gold.b`}
	addresses := make([]Address, 0, len(texts))
	for _, text := range texts {
		a, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, a)
	}
	slices.SortFunc(addresses, Address.Compare)
	for i, a := range addresses {
		if a.String() != want[i] {
			t.Errorf("at %d: %s, want %s", i, a, want[i])
		}
	}
	if !addresses[0].Less(addresses[1]) || addresses[1].Less(addresses[0]) {
		t.Error("Less disagrees with Compare")
	}
	if got := addresses[2].Ident().String(); got != "gold.a_eu" {
		t.Errorf("Ident: %s", got)
	}
	if got := addresses[2].Block().Instance("us"); got != addresses[3] {
		t.Errorf("Instance: %s", got)
	}
}
