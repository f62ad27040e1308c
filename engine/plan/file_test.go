package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSavedPlans(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "plan")
	if err := Save(path, &Plan{FormatVersion: FormatVersion, Project: "shop"}); err != nil {
		t.Fatal(err)
	}
	saved, err := ReadFile(path)
	if err != nil || saved.Plan.Project != "shop" || saved.ID == "" {
		t.Fatalf("%+v, %v", saved, err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	newer := &Plan{FormatVersion: FormatVersion + 1}
	if err := Save(filepath.Join(dir, "newer"), newer); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cut": string(text[:len(text)/2]), "cut early": string(text[:8]), "empty": "", "other": "id,amount\n", "other json": `{"a": 1}`,
		"edited": strings.Replace(string(text), "shop", "ship", 1),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"missing": "there is no file " + filepath.Join(dir, "missing") + ". `etl plan -out=", ".": "is a folder. Name the file",
		"cut": "ends amid the plan", "cut early": "ends amid the plan", "empty": "is not a plan", "other": "is not a plan", "other json": "is not a plan",
		"edited": "was changed since", "newer": "was saved by a newer etl",
	} {
		if _, err := ReadFile(filepath.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "open ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Save(filepath.Join(dir, "no", "plan"), newer); err == nil || !strings.Contains(err.Error(), "there is no folder "+filepath.Join(dir, "no")) {
		t.Errorf("saving nowhere: %v", err)
	}
	if err := Save(dir, newer); err == nil || !strings.Contains(err.Error(), "it is a folder") {
		t.Errorf("saving over a folder: %v", err)
	}
}
