package csv_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

// shown is what arrived, a line a row: its number and values, or ! and where and why it is bad.
func shown(r *outputtest.Recorder) string {
	var b strings.Builder
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%d", row.Number)
		for _, v := range row.Values {
			if text, ok := v.(string); ok {
				fmt.Fprintf(&b, " %q", text)
			} else {
				fmt.Fprintf(&b, " %v", v)
			}
		}
		b.WriteString("\n")
	}
	for _, bad := range r.BadRows {
		fmt.Fprintf(&b, "! %s %q %s\n", bad.Position, bad.Raw, bad.Reason)
	}
	return b.String()
}

func typed(pairs ...string) cty.Value {
	m := map[string]cty.Value{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = cty.StringVal(pairs[i+1])
	}
	return cty.MapVal(m)
}

func texts(list ...string) cty.Value {
	var out []cty.Value
	for _, text := range list {
		out = append(out, cty.StringVal(text))
	}
	return cty.ListVal(out)
}

type attrs = map[string]cty.Value

func TestRows(t *testing.T) {
	for _, test := range []struct {
		name, input string
		attributes  attrs
		want        string
	}{
		{"plain", "a,b\n1,x\n2,y\n", nil, "1 1 \"x\"\n2 2 \"y\"\n"},
		{"no line break at the end", "a,b\n1,x", nil, "1 1 \"x\"\n"},
		{"carriage returns", "a,b\r\n1,x\r\n2,\"y\"\r\n", nil, "1 1 \"x\"\n2 2 \"y\"\n"},
		{"old Mac", "a,b\r1,x\r2,y\r", nil, "1 1 \"x\"\n2 2 \"y\"\n"},
		{"byte order mark", "\ufeffa,b\n1,x\n", nil, "1 1 \"x\"\n"},
		{"null and empty", "a,b\n,x\n\"\",y\n", attrs{"types": typed("a", "string")}, "1 <nil> \"x\"\n2 \"\" \"y\"\n"},
		{"quoted null text is text", "a,b\nNA,1\n\"NA\",2\n,3\n", attrs{"null_if": texts("NA")}, "1 <nil> 1\n2 \"NA\" 2\n3 \"\" 3\n"},
		{"quoted null of a number is null", "a,b\n\"1\",x\n\"\",y\n", nil, "1 1 \"x\"\n2 <nil> \"y\"\n"},
		{"doubled quotes", "a\n\"say \"\"hi\"\"\"\n", nil, "1 \"say \\\"hi\\\"\"\n"},
		{"quote inside a plain field", "a,b\n5\" pipe,1\n", nil, "1 \"5\\\" pipe\" 1\n"},
		{"line break in quotes", "a,b\n\"x\ny\",1\nz,2\n", nil, "1 \"x\\ny\" 1\n2 \"z\" 2\n"},
		{"escape", "a,b\n\"x\\\"y\\\\\",1\n", attrs{"escape": cty.StringVal(`\`)}, "1 \"x\\\"y\\\\\" 1\n"},
		{"no quoting", "a,b\n\"x,1\n", attrs{"quote": cty.StringVal("")}, "1 \"\\\"x\" 1\n"},
		{"semicolons and comma", "a;b\n1,5;2\n1.5;3\n", attrs{"delimiter": cty.StringVal(";"), "decimal_separator": cty.StringVal(","),
			"types": typed("a", "double")}, "1 1.5 2\n! line 3 \"1.5;3\" column \"a\": \"1.5\" is not a valid double written with a decimal comma\n"},
		{"comment and skip", "junk\n#c\na,b\n#d\n1,x\n", attrs{"skip_rows": cty.NumberIntVal(1), "comment": cty.StringVal("#")}, "1 1 \"x\"\n"},
		{"trim", " a , b \n 1 , \"x \" \n", attrs{"trim": cty.True}, "1 1 \"x \"\n"},
		{"no trim", "a,b\n 1,2\n", nil, "1 \" 1\" 2\n"},
		{"empty lines", "a,b\n\n1,x\n\n", nil, "1 1 \"x\"\n"},
		{"empty line of one column", "a\n1\n\n2\n", nil, "1 1\n2 <nil>\n3 2\n"},
		{"no header", "1,x\n2,y\n", attrs{"header": cty.False, "columns": texts("n", "s")}, "1 1 \"x\"\n2 2 \"y\"\n"},
		{"no names", "1,x\n", attrs{"header": cty.False}, "1 1 \"x\"\n"},
		{"header only", "a,b\n", nil, ""},
		{"leading zeros", "zip,n\n00701,0\n", nil, "1 \"00701\" 0\n"},
		{"too few", "a,b,c\n1,2,3\n4,5\n6,7,8\n", nil,
			"1 1 2 3\n3 6 7 8\n! line 3 \"4,5\" the row has 2 fields, too few for 3 columns; the first missing one is \"c\"\n"},
		{"too many", "a,b\n1,2\n3,4,5\n", nil, "1 1 2\n! line 3 \"3,4,5\" the row has 3 fields, too many for 2 columns\n"},
		{"unparsable", "a,b\n1,x\nq,y\n3,z\n", attrs{"types": typed("a", "long")},
			"1 1 \"x\"\n3 3 \"z\"\n! line 3 \"q,y\" column \"a\": \"q\" is not a valid long\n"},
		{"fraction for a long", "a\n1.5\n", attrs{"types": typed("a", "long")},
			"! line 2 \"1.5\" column \"a\": \"1.5\" is not a valid long: it is not a whole number\n"},
		{"decimal too fine", "a\n1.005\n1.5\n", attrs{"types": typed("a", "decimal(4,2)")},
			"2 \"1.5\"\n! line 2 \"1.005\" column \"a\": \"1.005\" is not a valid decimal(4, 2): it has more than 2 digits after the point\n"},
		{"text after quote", "a,b\n\"x\"y,1\nz,2\n", nil,
			"2 \"z\" 2\n! line 2 \"\\\"x\\\"y,1\" text follows a closing quote; a quote inside a quoted field must be written twice\n"},
		{"unterminated", "a,b\n1,x\n2,\"y\n3,z\n", nil,
			"1 1 \"x\"\n3 3 \"z\"\n! line 3 \"2,\\\"y\" a quoted field is opened and nothing closes it before the end of the file\n"},
		{"not UTF-8", "a,b\nx\xff,1\ny,2\n", nil, "2 \"y\" 2\n! line 2 \"x\\\\xff,1\" column \"a\": the text is not valid UTF-8; " +
			"if the file is in another encoding, say so, as in encoding = \"windows-1252\"\n"},
		{"latin-1", "a,b\nM\xfcnchen,1\n", attrs{"encoding": cty.StringVal("latin-1")}, "1 \"München\" 1\n"},
		{"UTF-16", "\xff\xfea\x00,\x00b\x00\n\x001\x00,\x00=\xd8\x00\xde\n\x00", attrs{"encoding": cty.StringVal("utf-16")}, "1 1 \"😀\"\n"},
		{"half a surrogate", "a\x00\n\x00x\x00\x00\xd8y\x00\n\x00z\x00\n\x00", attrs{"encoding": cty.StringVal("utf-16le")},
			"2 \"z\"\n! line 2 \"x\\\\xed\\\\xa0\\\\x80y\" column \"a\": the text is not valid UTF-8; if the file is in another encoding, " +
				"say so, as in encoding = \"windows-1252\"\n"},
		{"odd names", "select,\"two words\",\"a \"\"b\"\"\",\"x\ny\"\n1,2,3,4\n", nil, "1 1 2 3 4\n"},
		{"nameless column", ",a\n1,2\n", nil, "1 1 2\n"},
		{"date format", "d,t\n31.12.2013,31.12.2013 23:59:01\n", attrs{"date_format": cty.StringVal("%d.%m.%Y"),
			"timestamp_format": cty.StringVal("%d.%m.%Y %H:%M:%S")}, "1 \"2013-12-31\" \"2013-12-31T23:59:01\"\n"},
		{"nested", "l,m\n\"[1,2]\",\"{\"\"k\"\":1}\"\n[x],{}\n", attrs{"types": typed("l", "list(long)", "m", "map(string,long)")},
			"1 \"[1,2]\" \"[{\\\"key\\\":\\\"k\\\",\\\"value\\\":1}]\"\n! line 3 \"[x],{}\" column \"l\": \"[x]\" is not a valid list(long): " +
				"unexpected character 'x' at character 2\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, staged := range []bool{true, false} {
				got := load(t, test.input, test.attributes, staged)
				if shown(got) != test.want {
					t.Errorf("staged %t, got:\n%s\nwant:\n%s", staged, shown(got), test.want)
				}
			}
		})
	}
}

func load(t testing.TB, input string, attributes attrs, staged bool) *outputtest.Recorder {
	t.Helper()
	dir := t.TempDir()
	outputtest.Write(t, dir, "in.csv", input)
	all := attrs{"path": cty.StringVal("in.csv")}
	for name, value := range attributes {
		all[name] = value
	}
	return outputtest.Load(t, csv.New(), outputtest.Source(dir, all), staged)
}
