package diag

import (
	"errors"
	"testing"
)

func TestSentence(t *testing.T) {
	for text, want := range map[string]string{
		"reading the plan: it can't be opened": "Reading the plan: it can't be opened.",
		"silver.orders was changed":            "silver.orders was changed.",
		"/x/catalog.db is damaged. Mend it.":   "/x/catalog.db is damaged. Mend it.",
		"etl can't write here":                 "etl can't write here.",
		"can't it?":                            "Can't it?",
		"ETL_LEASE_TTL is wrong":               "ETL_LEASE_TTL is wrong.",
		"":                                     "",
	} {
		if got := Sentence(errors.New(text)); got != want {
			t.Errorf("%q became %q instead of %q", text, got, want)
		}
	}
}
