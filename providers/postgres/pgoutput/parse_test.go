package pgoutput

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// messages are what PostgreSQL 15 sent, and what they say: a row in its life, then one in a table whose replica identity is full.
func messages() [][2]string {
	return [][2]string{
		{"420000000010d021a8000303edf78d843700000833", "{0/10D021A8 1795430325511223 2099}"},
		{"590000af577075626c696300667a7061697200", "{89}"},
		{"520000af587075626c696300667a006400020169640000000017ffffffff006269670000000019ffffffff", "{44888 public fz [{true id 23 -1} {false big 25 -1}]}"},
		{"490000af584e0002740000000131740000000378ff78", "{44888 [t1 tx\xffx]}"},
		{"550000af584b00067400000001316e6e6e6e6e4e00067400000001327574000000087b312c4e554c4c7d740000000d28312c2261202222622222222974000000055b312c32297400000019323032362d30312d30312030353a33303a30302b30353a3330",
			`{44888 K [t1 n n n n n] [t2 u t{1,NULL} t(1,"a ""b""") t[1,2) t2026-01-01 05:30:00+05:30]}`},
		{"550000af584e00027400000001326e", "{44888  [] [t2 n]}"},
		{"550000af584f00067400000001336e6e6e6e6e4e00067400000001336e6e6e7400000005656d7074796e", "{44888 O [t3 n n n n n] [t3 n n n tempty n]}"},
		{"440000af584b00067400000001326e6e6e6e6e", "{44888 K [t2 n n n n n]}"},
		{"5400000001000000af58", "{[44888]}"},
		{"43000000000010d021a80000000010d021d8000303edf78d8437", "{0/10D021A8 0/10D021D8}"},
	}
}

func spelled(m Message) string {
	row := func(values []Value) string {
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = string(v.Kind) + string(v.Data)
		}
		return "[" + strings.Join(texts, " ") + "]"
	}
	switch m := m.(type) {
	case Insert:
		return fmt.Sprintf("{%d %s}", m.Relation, row(m.New))
	case Update:
		return fmt.Sprintf("{%d %s %s %s}", m.Relation, strings.Trim(string(rune(m.Known)), "\x00"), row(m.Old), row(m.New))
	case Delete:
		return fmt.Sprintf("{%d %c %s}", m.Relation, m.Known, row(m.Old))
	}
	return fmt.Sprint(m)
}

// TestMessages reads what a server sent, and refuses all of it that is cut short.
func TestMessages(t *testing.T) {
	var p Parser
	for _, test := range messages() {
		b := unhex(t, test[0])
		m, err := p.Parse(b)
		if err != nil || spelled(m) != test[1] {
			t.Errorf("%s is read as %q instead of %q: %v", test[0], spelled(m), test[1], err)
		}
		if _, unread := m.(Other); unread {
			continue
		}
		whole := len(b)
		if _, commit := m.(Commit); commit {
			whole -= 8 // its time is not read
		}
		for end := range whole {
			if m, err := p.Parse(b[:end]); err == nil && end > 0 {
				t.Errorf("%x, of %s, is read as %q", b[:end], test[0], spelled(m))
			}
		}
	}
	for text, says := range map[string]string{
		"490000af584b0000":       "a row of kind 'K' where 'N' was expected",
		"550000af58580000":       "an update without a new row",
		"490000af584e000162":     "a value of kind 'b'",
		"550000af584b00004b0000": "an update without a new row",
	} {
		if _, err := p.Parse(unhex(t, text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: said %v", text, err)
		}
	}
}

func unhex(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzParse reads anything. What is a message is the same message again when it is written anew.
func FuzzParse(f *testing.F) {
	for _, test := range messages() {
		f.Add(unhex(f, test[0]))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second Parser
		m, err := first.Parse(b)
		if err != nil {
			return
		}
		again := written(m)
		if again == nil {
			return
		}
		if n, err := second.Parse(again); err != nil || !reflect.DeepEqual(n, m) && spelled(n) != spelled(m) {
			t.Fatalf("%x is %q, and written anew %q: %v", b, spelled(m), spelled(n), err)
		}
	})
}

// written is a change as the server sends it.
func written(m Message) []byte {
	row := func(b []byte, values []Value) []byte {
		b = binary.BigEndian.AppendUint16(b, uint16(len(values)))
		for _, v := range values {
			if b = append(b, v.Kind); v.Kind == Text {
				b = append(binary.BigEndian.AppendUint32(b, uint32(len(v.Data))), v.Data...)
			}
		}
		return b
	}
	begin := func(kind byte, relation uint32) []byte { return binary.BigEndian.AppendUint32([]byte{kind}, relation) }
	switch m := m.(type) {
	case Insert:
		return row(append(begin('I', m.Relation), 'N'), m.New)
	case Delete:
		return row(append(begin('D', m.Relation), byte(m.Known)), m.Old)
	case Update:
		b := begin('U', m.Relation)
		if m.Known != OldNothing {
			b = row(append(b, byte(m.Known)), m.Old)
		}
		return row(append(b, 'N'), m.New)
	case Truncate:
		b := append(begin('T', uint32(len(m.Relations))), 0)
		for _, id := range m.Relations {
			b = binary.BigEndian.AppendUint32(b, id)
		}
		return b
	case Relation:
		b := append(append(begin('R', m.ID), m.Schema+"\x00"+m.Name+"\x00"...), 'd')
		b = binary.BigEndian.AppendUint16(b, uint16(len(m.Columns)))
		for _, c := range m.Columns {
			flags := byte(0)
			if c.Key {
				flags = 1
			}
			b = append(append(b, flags), c.Name+"\x00"...)
			b = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(b, c.Type), uint32(c.Typmod))
		}
		return b
	}
	return nil
}
