package mysql

import "testing"

func TestNarrower(t *testing.T) {
	for _, c := range []struct {
		was, now    string
		strict, lax bool
	}{
		{"datetime(3)", "datetime", true, true}, {"datetime", "datetime(3)", false, false}, {"time(6)", "time(2) not null", true, true}, {"timestamp(3)", "timestamp(3)", false, false},
		{"decimal(9,2)", "decimal(9,1)", true, true}, {"decimal(9,2)", "decimal(8,2)", false, true}, {"decimal(9,2)", "decimal(10,2)", false, false}, {"double", "float", true, true},
		{"float", "double", false, false}, {"int", "int not null", false, true}, {"int not null", "int", false, false}, {"int(11)", "int(5)", false, false}, {"int", "smallint", false, true},
		{"smallint", "bigint", false, false}, {"int(11)", "int(10) unsigned", false, true}, {"varchar(20)", "varchar(5)", false, true}, {"varchar(20)", "varchar(50)", false, false},
		{"varchar(20)", "text", false, false}, {"enum('a','b')", "enum('a')", false, false}, {"set('a(3)')", "set('b')", false, false}, {"datetime(3)", "timestamp(3)", false, false},
		{"varbinary(9)", "varbinary(3)", false, true}, {"", "int", false, false},
	} {
		if strict, lax := narrower(c.was, c.now, true), narrower(c.was, c.now, false); strict != c.strict || lax != c.lax {
			t.Errorf("%s to %s is narrower: %v, and %v where nothing is strict", c.was, c.now, strict, lax)
		}
	}
}
