package binlog

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"testing"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/automic-etl/etl/providers/mysql/cell"
)

// TestValues decodes what servers write, byte by byte.
func TestValues(t *testing.T) {
	latin1 := func(out, text []byte) []byte {
		for _, b := range text {
			out = append(out, string(rune(b))...)
		}
		return out
	}
	for _, c := range []struct {
		column Column
		packed string
		want   string
	}{
		{Column{kind: gomysql.MYSQL_TYPE_TINY}, "ff", "-1"},
		{Column{kind: gomysql.MYSQL_TYPE_TINY, unsigned: true}, "ff", "255"},
		{Column{kind: gomysql.MYSQL_TYPE_INT24}, "000080", "-8388608"},
		{Column{kind: gomysql.MYSQL_TYPE_LONGLONG, unsigned: true}, "ffffffffffffffff", "18446744073709551615"},
		{Column{kind: gomysql.MYSQL_TYPE_NEWDECIMAL, meta: 14<<8 | 4}, "810dfb38d204d2", "1234567890.1234"},
		{Column{kind: gomysql.MYSQL_TYPE_NEWDECIMAL, meta: 14<<8 | 4}, "7ef204c72dfb2d", "-1234567890.1234"},
		{Column{kind: gomysql.MYSQL_TYPE_NEWDECIMAL, meta: 4<<8 | 4}, "800a", "0.0010"},
		{Column{kind: gomysql.MYSQL_TYPE_BIT, meta: 1<<8 | 2}, "0201", "513"},
		{Column{kind: gomysql.MYSQL_TYPE_YEAR}, "00", "0"},
		{Column{kind: gomysql.MYSQL_TYPE_YEAR}, "7c", "2024"},
		{Column{kind: gomysql.MYSQL_TYPE_DATE}, "5dd00f", "2024-02-29"},
		{Column{kind: gomysql.MYSQL_TYPE_DATE}, "000000", "0000-00-00"},
		{Column{kind: gomysql.MYSQL_TYPE_DATETIME2, meta: 3}, "99b2bb7efb1ed2", "2024-02-29 23:59:59.789"},
		{Column{kind: gomysql.MYSQL_TYPE_DATETIME2}, "8000000000", "0000-00-00 00:00:00"},
		{Column{kind: gomysql.MYSQL_TYPE_TIMESTAMP2, meta: 6}, "00000001000001", "1970-01-01 00:00:01.000001"},
		{Column{kind: gomysql.MYSQL_TYPE_TIMESTAMP2}, "00000000", "0000-00-00 00:00:00"},
		{Column{kind: gomysql.MYSQL_TYPE_TIME2, meta: 2}, "7fffffff", "-00:00:00.01"},
		{Column{kind: gomysql.MYSQL_TYPE_TIME2, meta: 2}, "7fffff9d", "-00:00:00.99"},
		{Column{kind: gomysql.MYSQL_TYPE_TIME2, meta: 2}, "7ffffeff", "-00:00:01.01"},
		{Column{kind: gomysql.MYSQL_TYPE_TIME2, meta: 4}, "8000010001", "00:00:01.0001"},
		{Column{kind: gomysql.MYSQL_TYPE_TIME2, meta: 6}, "b46efb0f423f", "838:59:59.999999"},
		{Column{kind: gomysql.MYSQL_TYPE_VARCHAR, meta: 255, decode: latin1}, "037a6feb", "zoë"},
		{Column{kind: gomysql.MYSQL_TYPE_VARCHAR, meta: 256}, "0200c3a9", "é"},
		{Column{kind: gomysql.MYSQL_TYPE_STRING, meta: 4, binary: true}, "0161", "a\x00\x00\x00"},
		{Column{kind: gomysql.MYSQL_TYPE_ENUM, meta: 1, members: []string{"x", "y"}}, "02", "y"},
		{Column{kind: gomysql.MYSQL_TYPE_ENUM, meta: 1, members: []string{"x", "y"}}, "00", ""},
		{Column{kind: gomysql.MYSQL_TYPE_SET, meta: 1, members: []string{"x", "y", "z"}}, "05", "x,z"},
	} {
		packed, err := hex.DecodeString(c.packed)
		if err != nil {
			t.Fatal(err)
		}
		d, cells := decoder{columns: []Column{c.column}}, make([]cell.Cell, 1)
		in := &source{data: append([]byte{0}, packed...)}
		if err := d.image(in, []byte{1}, cells); err != nil || len(in.data) > 0 {
			t.Errorf("%s: %v, %d bytes are left", c.packed, err, len(in.data))
		}
		if got := string(cells[0].AppendText(nil)); got != c.want {
			t.Errorf("%s of type %d is %q instead of %q", c.packed, c.column.kind, got, c.want)
		}
	}
}

// FuzzImage holds that no bytes make the decoder fail but by an error.
func FuzzImage(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, gomysql.MYSQL_TYPE_NEWDECIMAL, uint16(65<<8|30))
	f.Add([]byte{0, 200, 2, 3}, gomysql.MYSQL_TYPE_BLOB, uint16(1))
	f.Fuzz(func(_ *testing.T, data []byte, kind byte, meta uint16) {
		c := Column{kind: kind, meta: meta, members: []string{"a", "b"}}
		c.unpackString()
		d, cells := decoder{columns: []Column{c, {kind: gomysql.MYSQL_TYPE_TINY}}}, make([]cell.Cell, 2)
		if d.image(&source{data: data}, []byte{3}, cells) == nil {
			cells[0].AppendText(nil)
		}
	})
}

// FuzzJSON holds that what is spelled without an error is JSON.
func FuzzJSON(f *testing.F) {
	for _, packed := range []string{"0402", "050100", "0c0161", "0001000c000b000100050100" + "61", "0300000000", "02020010000500000401" + "000c0161", "0b303030303030ffff"} {
		data, err := hex.DecodeString(packed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := appendJSON(nil, data)
		if err == nil && !json.Valid(bytes.ToValidUTF8(text, nil)) && len(data) > 0 {
			t.Errorf("%x is spelled %s", data, text)
		}
	})
}

func TestGTIDs(t *testing.T) {
	for _, c := range []struct {
		maria     bool
		a, b      string
		contained bool
	}{
		{true, "0-1-5,1-2-7", "0-9-5", true}, {true, "0-1-5", "0-1-6", false}, {true, "0-1-5", "1-1-1", false}, {true, "", "", true},
		{false, "b5ef6968-e703-11f1-adbe-02fc00000001:1-9:11,\n b5ef6968-e703-11f1-adbe-02fc00000002:1", "b5ef6968-e703-11f1-adbe-02fc00000001:2-9", true},
		{false, "b5ef6968-e703-11f1-adbe-02fc00000001:1-9:11", "b5ef6968-e703-11f1-adbe-02fc00000001:10", false}, {false, "", "", true},
	} {
		a, err1 := ParseGTIDs(c.maria, c.a)
		b, err2 := ParseGTIDs(c.maria, c.b)
		if err1 != nil || err2 != nil || a.Contains(b) != c.contained || a.Clone().String() != a.String() {
			t.Errorf("%+v: %v, %v", c, err1, err2)
		}
	}
	if _, err := ParseGTIDs(false, "nonsense"); err == nil {
		t.Error("nonsense is read")
	}
}
