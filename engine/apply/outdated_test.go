package apply

import "testing"

func TestRunOf(t *testing.T) {
	tests := map[string]string{
		"/lake/silver/t__quarantine/data/20261123T101502-9f3a61c2/rows.parquet":                          "20261123T101502-9f3a61c2",
		"/lake/silver/t__quarantine/data/20261123T101502-9f3a61c2/20261122T101502-0f3a61c2/kept.parquet": "20261122T101502-0f3a61c2",
		"/data/lake/silver/t__quarantine/data/20261123T101502-9f3a61c2/rows.parquet":                     "20261123T101502-9f3a61c2",
		"/data/lake/silver/t__quarantine/data/00000-0-of-another-writer.parquet":                         "",
		"/lake/silver/t__quarantine/data/00000-0-of-another-writer.parquet":                              "",
		"/lake/00000.parquet": "",
	}
	for path, want := range tests {
		if got := runOf(path); got != want {
			t.Errorf("the run of %s is %q, not %q", path, got, want)
		}
	}
}
