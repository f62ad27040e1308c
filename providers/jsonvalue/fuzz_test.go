package jsonvalue

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzParse compares with the standard library: what is accepted here is valid there and means the same; what is valid
// there is accepted here but for what is refused on purpose.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e+3,null,true,false,"x\u00e9\ud83d\ude00\n"]}`, `[]`, `{}`, ` 1 `, `"\ud83d"`, `{"a":1,"a":2}`, `[1,]`, `01`, `-`, `"` + "\x01" + `"`,
		strings.Repeat("[", 250) + strings.Repeat("]", 250), `{"a" : {"b":[{}]}}`, "tru", `"\x"`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Document
		v, err := d.Parse(text)
		valid := json.Valid(text)
		if err != nil {
			if valid && utf8.Valid(text) && !refusedOnPurpose(err) {
				t.Fatalf("%q is refused: %v", text, err)
			}
			return
		}
		if !valid {
			t.Fatalf("%q is accepted and is no JSON", text)
		}
		var want any
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if got := plain(&d, v); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q is read as %#v instead of %#v", text, got, want)
		}
	})
}

func refusedOnPurpose(err error) bool {
	for _, reason := range []string{"appears twice", "surrogate", "nested deeper"} {
		if strings.Contains(err.Error(), reason) {
			return true
		}
	}
	return false
}

func plain(d *Document, v *Value) any {
	switch v.Kind {
	case True, False:
		return v.Kind == True
	case Number:
		return json.Number(v.Raw)
	case String:
		return string(v.Text)
	case Array:
		out := []any{}
		for child := range d.Children(v) {
			out = append(out, plain(d, child))
		}
		return out
	case Object:
		out := map[string]any{}
		for child := range d.Children(v) {
			out[string(child.Key)] = plain(d, child)
		}
		return out
	}
	return nil
}
