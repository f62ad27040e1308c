package mysql_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zclconf/go-cty/cty"
)

// value is a column and what its values look like on the other side, in Arrow's text form.
type value struct {
	declared string // at the server
	kind     string // of the column
	write    string // SQL
	want     string
}

func values() []value {
	return []value{
		{"tinyint", "int", "-128", "-128"},
		{"tinyint unsigned", "int", "255", "255"},
		{"tinyint(1)", "int", "1", "1"},
		{"smallint", "int", "-32768", "-32768"},
		{"mediumint", "int", "-8388608", "-8388608"},
		{"mediumint unsigned", "int", "16777215", "16777215"},
		{"int", "int", "-2147483648", "-2147483648"},
		{"int unsigned", "long", "4294967295", "4294967295"},
		{"int(5) unsigned zerofill", "long", "42", "42"},
		{"bigint", "long", "-9223372036854775808", "-9223372036854775808"},
		{"bigint unsigned", "decimal(20, 0)", "18446744073709551615", "18446744073709551615"},
		{"float", "float", "16777216", "1.6777216e+07"},
		{"float", "float", "0.1", "0.1"},
		{"double", "double", "0.1", "0.1"},
		{"double", "double", "1.7976931348623157e308", "1.7976931348623157e+308"},
		{"decimal(12,2)", "decimal(12, 2)", "-1234567890.12", "-1234567890.12"},
		{"decimal(38,10)", "decimal(38, 10)", "1234567890123456789012345678.0123456789", "1234567890123456789012345678.0123456789"},
		{"decimal(65,30)", "string", "12345678901234567890123456789012345.123456789012345678901234567890", "12345678901234567890123456789012345.123456789012345678901234567890"},
		{"decimal(10,0) unsigned", "decimal(10, 0)", "42", "42"},
		{"bit(1)", "boolean", "b'1'", "true"},
		{"bit(10)", "long", "b'1000000001'", "513"},
		{"bit(64)", "decimal(20, 0)", "x'ffffffffffffffff'", "18446744073709551615"},
		{"year", "int", "2155", "2155"},
		{"date", "date", "'1000-01-01'", "1000-01-01"},
		{"date", "date", "'9999-12-31'", "9999-12-31"},
		{"time", "time", "'23:59:59'", "23:59:59.000000"},
		{"time(6)", "time", "'00:00:00.000001'", "00:00:00.000001"},
		{"datetime", "timestamp", "'1969-12-31 23:59:59'", "1969-12-31T23:59:59"},
		{"datetime(6)", "timestamp", "'9999-12-31 23:59:59.999999'", "9999-12-31T23:59:59.999999"},
		{"datetime(3)", "timestamp", "'2024-02-29 12:00:00.120'", "2024-02-29T12:00:00.12"},
		{"timestamp", "timestamptz", "'2024-06-30 12:00:00'", "2024-06-30T06:30:00Z"}, // the server's zone is +05:30
		{"timestamp(6)", "timestamptz", "'2024-06-30 12:00:00.000001'", "2024-06-30T06:30:00.000001Z"},
		{"char(5)", "string", "'ab'", "ab"},
		{"varchar(20)", "string", "'zoë 😀'", "zoë 😀"},
		{"varchar(20) character set latin1", "string", "'zoë €'", "zoë €"},
		{"varchar(20) character set utf8", "string", "'zoë'", "zoë"},
		{"varchar(20) character set ucs2", "string", "'zoë'", "zoë"},
		{"text character set cp1251", "string", "'Привет'", "Привет"},
		{"text", "string", "''", ""},
		{"longtext", "string", "repeat('x', 300)", strings.Repeat("x", 300)},
		{"enum('small','large','zoë')", "string", "'zoë'", "zoë"},
		{"set('a','b','zoë') character set latin1", "list(string)", "'a,zoë'", `["a","zoë"]`},
		{"set('a')", "list(string)", "''", `[]`},
		{"binary(4)", "binary", "x'00ff'", "AP8AAA=="},
		{"varbinary(8)", "binary", "x'00ff'", "AP8="},
		{"blob", "binary", "x'80'", "gA=="},
		{"point", "binary", "st_geomfromtext('POINT(1 2)')", "AQEAAAAAAAAAAADwPwAAAAAAAABA"},
	}
}

// own are types that only one of the servers has, or that they write differently.
func own(flavor string) []value {
	if flavor == "mysql" {
		return []value{
			{"json", "string", `'{"b":1.50,"a":[true,null,"x"]}'`, `{"a": [true, null, "x"], "b": 1.5}`},
			{"point srid 4326", "binary", "st_geomfromtext('POINT(1 2)', 4326)", "AQEAAAAAAAAAAAAAQAAAAAAAAPA/"}, // longitude first
		}
	}
	return []value{
		{"json", "string", `'{"b":1.50,"a":[true,null,"x"]}'`, `{"b":1.50,"a":[true,null,"x"]}`},
		{"uuid", "string", "'123e4567-e89b-12d3-a456-426655440000'", "123e4567-e89b-12d3-a456-426655440000"},
		{"inet6", "string", "'2001:db8::ff00:42:8329'", "2001:db8::ff00:42:8329"},
		{"inet4", "string", "'192.0.2.1'", "192.0.2.1"},
		{"int invisible", "int", "7", "7"},
	}
}

// TestTypes writes each type's extremes, and nulls, and looks at what arrives.
func TestTypes(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		all := append(values(), own(l.flavor)...)
		l.exec(createTyped("typed", all), insertTyped("typed", 1, all), "INSERT INTO typed (id) VALUES (2)")
		for _, staged := range []bool{false, true} {
			checkTyped(t, l, all, staged)
		}
	})
}

func createTyped(table string, all []value) string {
	columns := []string{"id int primary key"}
	for i, v := range all {
		null := " null"
		if strings.HasSuffix(v.declared, "invisible") {
			null = ""
		}
		columns = append(columns, fmt.Sprintf("c%d %s%s", i, v.declared, null))
	}
	columns = append(columns, "doubled bigint generated always as (id * 2) virtual", "tripled bigint generated always as (id * 3) stored")
	return "CREATE TABLE " + table + " (" + strings.Join(columns, ", ") + ") DEFAULT CHARACTER SET utf8mb4"
}

func insertTyped(table string, id int, all []value) string {
	names, writes := []string{"id"}, []string{fmt.Sprint(id)}
	for i, v := range all {
		names, writes = append(names, fmt.Sprintf("c%d", i)), append(writes, v.write)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(writes, ", "))
}

func checkTyped(t *testing.T, l *lab, all []value, staged bool) {
	t.Helper()
	got := l.load(l.source(table("typed")), staged)
	if len(got.BadRows) > 0 || len(got.Rows) != 2 {
		t.Fatalf("%d rows, bad ones %+v", len(got.Rows), got.BadRows)
	}
	for i, v := range all {
		if kind := got.Columns[i+1].Type.String(); kind != v.kind {
			t.Errorf("%s is a column of type %s instead of %s", v.declared, kind, v.kind)
		}
		if text := fmt.Sprint(got.Rows[0].Values[i+1]); text != v.want {
			t.Errorf("%s %s arrives as %q instead of %q", v.declared, v.write, text, v.want)
		}
		if null := got.Rows[1].Values[i+1]; null != nil {
			t.Errorf("a null %s arrives as %v", v.declared, null)
		}
	}
	if n := len(all); got.Rows[1].Values[n+1] != int64(4) || got.Rows[1].Values[n+2] != int64(6) {
		t.Errorf("generated columns are %v", got.Rows[1].Values[n+1:])
	}
}

// TestUnrepresentable looks for the key and the reason of what can't be represented, and for the ways around.
func TestUnrepresentable(t *testing.T) {
	each(t, func(t *testing.T, l *lab) {
		l.exec("CREATE TABLE odd (a int, b varchar(9), d date, t time, u bigint unsigned, PRIMARY KEY (b, a))")
		conn, err := l.db.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for _, statement := range []string{"SET sql_mode = ''", "INSERT INTO odd VALUES (1, 'x', '0000-00-00', '00:00:01', 1), (2, 'x', '2024-02-00', '00:00:01', 1), " +
			"(3, 'y', '2024-02-01', '838:59:59', 1), (4, 'y', '2024-02-01', '-00:00:01', 18446744073709551615), (5, 'z', '2024-02-01', '00:00:01', 1)"} {
			if _, err := conn.ExecContext(t.Context(), statement); err != nil {
				t.Fatal(err)
			}
		}
		got := l.load(l.source(table("odd")), false)
		if len(got.Rows) != 1 || got.Rows[0].Number != 1 || len(got.BadRows) != 4 {
			t.Fatalf("%v, bad ones %+v", got.Rows, got.BadRows)
		}
		for i, want := range []string{"key b=x, a=1: column \"d\": 0000-00-00 is no date", "key b=x, a=2: column \"d\": 2024-02-00 is no date",
			"key b=y, a=3: column \"t\": 838:59:59 is no time", "key b=y, a=4: column \"t\": -00:00:01 is no time"} {
			if bad := got.BadRows[i]; !strings.HasPrefix(bad.Position+": "+bad.Reason, want) || !strings.Contains(bad.Raw, `"u": `) {
				t.Errorf("%+v, not %s", bad, want)
			}
		}
		around := table("odd")
		around["types"] = cty.MapVal(map[string]cty.Value{"d": cty.StringVal("string"), "t": cty.StringVal("string"), "u": cty.StringVal("long")})
		got = l.load(l.source(around), false)
		if len(got.Rows) != 4 || got.Rows[0].Values[2] != "0000-00-00" || got.Rows[2].Values[3] != "838:59:59" {
			t.Errorf("%v", got.Rows)
		}
		if len(got.BadRows) != 1 || !strings.Contains(got.BadRows[0].Reason, "is no long") {
			t.Errorf("bad ones %+v", got.BadRows)
		}
	})
}
