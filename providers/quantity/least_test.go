package quantity_test

import (
	"testing"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/quantity"
)

func TestLeast(t *testing.T) {
	for text, want := range map[string]string{
		"int": "-2147483648", "long": "-9223372036854775808", "decimal(5, 2)": "-999.99", "decimal(3, 0)": "-999", "decimal(2, 2)": "-0.99", "double": "", "date": "",
	} {
		parsed, err := coltype.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := quantity.Least(parsed); got != want {
			t.Errorf("of %s: %q instead of %q", text, got, want)
		}
	}
}
