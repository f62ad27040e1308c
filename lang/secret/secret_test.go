package secret

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "shop.secret", "  hunter2 with spaces\r\n\n")
	write(t, dir, "odd name%", "hunter3")
	t.Setenv("SHOP_SECRET", "hunter4")
	r := New(dir)
	for url, want := range map[string]string{
		"file://" + path:                      "hunter2 with spaces",
		"file://./shop.secret":                "hunter2 with spaces",
		"file://./sub/../shop.secret":         "hunter2 with spaces",
		"file://./odd%20name%25":              "hunter3",
		"file://./shop.secret?decoder=string": "hunter2 with spaces",
		"FILE://./shop.secret":                "hunter2 with spaces",
		"constant://?val=hunter%32":           "hunter2",
		"constant://?val=a&decoder=bytes":     "a",
		"constant://?envvar=SHOP_SECRET":      "hunter4",
	} {
		if got, err := r.Read(t.Context(), url); err != nil || got != want {
			t.Errorf("%s gave %q, %v", url, got, err)
		}
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "empty", " \n")
	write(t, dir, "binary", "\xff\xfe\x00")
	write(t, dir, "large", strings.Repeat("x", largest+1))
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := New(dir)
	for url, want := range map[string]string{
		"":                                  "it is no URL; write where the secret is",
		"hunter2":                           "it is no URL",
		"://hunter2":                        "it is no URL",
		"fiel:///x?hunter2":                 `there is no kind of secret store fiel://. Did you mean "file"? It can be constant:// or file://`,
		"awssecretsmanager://hunter2":       "this build has no client of the store awssecretsmanager://",
		"gcpsecretmanager://projects/x":     `secret("file:///…")`,
		"file://./nothing":                  "there is no file " + dir + "/nothing",
		"file://.":                          "it names no file",
		"file:relative":                     "it names no file",
		"file://shop.secret":                "the path of a file URL is absolute",
		"file://sub/shop.secret":            "the path of a file URL is absolute",
		"file://./":                         "is no file",
		"file://./pipe":                     "is no file",
		"file://./empty":                    "the secret is empty",
		"file://./binary":                   "the secret is no UTF-8 text",
		"file://./large":                    "larger than 1 MiB",
		"file://./empty?watch=hunter2":      `a parameter that nobody knows: "watch"`,
		"constant://?val=hunter2&x=hunter2": `a parameter that nobody knows: "x"`,
		"constant://?val=hunter2&decoder=jsonmap":          "jsondecode(secret(…))",
		"constant://?val=hunter2&decoder=decrypt%2Bstring": "neither",
		"constant://?err=hunter2":                          "the store refuses it",
		"constant://?val=":                                 "the secret is empty",
	} {
		got, err := r.Read(t.Context(), url)
		if err == nil || got != "" || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") && want != "it is no URL" {
			t.Errorf("%s gave %q, %v", url, got, err)
		}
	}
}

// A project sees one value of a secret, even if it is changed while the project is read.
func TestEachIsReadOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "s", "before")
	r := New(dir)
	if got, err := r.Read(t.Context(), "file://./s"); err != nil || got != "before" {
		t.Fatal(got, err)
	}
	write(t, dir, "s", "after")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got, err := r.Read(t.Context(), "file://./s"); err != nil || got != "before" {
				t.Error(got, err)
			}
		})
	}
	all.Wait()
}

func TestParts(t *testing.T) {
	for text, want := range map[string][]string{
		"postgres://shop:hunter2@db/shop?sslmode=require": {"hunter2"},
		"postgres://shop:hunter%40two@db/shop":            {"hunter%40two", "hunter@two"},
		"postgres://shop:p@ss:w/rd@db/shop":               {"p@ss:w/rd"},
		"postgres://postgres:postgres@localhost/postgres": nil,
		"postgres://shop@db/shop":                         nil,
		"shop:hunter2@tcp(db:3306)/shop":                  {"hunter2"},
		"shop:hun@ter2@unix(/run/my.sock)/shop":           {"hun@ter2"},
		"host=db user=shop password=hunter2 dbname=shop":  {"hunter2"},
		"host=db PASSWORD = 'hunter 2' dbname=shop":       {"hunter 2"},
		"Server=db;Pwd=hunter2;Database=shop":             {"hunter2"},
		"https://api.example.com/?api_key=hunter2&x=1":    {"hunter2"},
		"hunter2": nil, "": nil, "password=": nil,
	} {
		if got := Parts(text); !slices.Equal(got, want) {
			t.Errorf("%s has %q", text, got)
		}
	}
}

func TestInline(t *testing.T) {
	for url, want := range map[string]bool{"constant://?val=x": true, " CONSTANT:?val=x": true, "file:///x": false, "": false} {
		if Inline(url) != want {
			t.Errorf("%q is %v", url, !want)
		}
	}
}
