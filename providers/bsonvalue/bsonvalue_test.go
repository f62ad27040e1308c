package bsonvalue_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/bsonvalue"
	"github.com/automic-etl/etl/providers/inference"
)

// tester is a test or a property.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func encode(t tester, document any) []byte {
	t.Helper()
	raw, err := bson.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// field makes a document of one field.
func field(t tester, value any) []byte { return encode(t, bson.D{{Key: "v", Value: value}}) }

func inferred(t tester, documents ...[]byte) coltype.Schema {
	t.Helper()
	var shape bsonvalue.Shape
	for _, d := range documents {
		if err := shape.Observe(d); err != nil {
			t.Fatal(err)
		}
	}
	return settled(&shape)
}

func settled(shape *bsonvalue.Shape) coltype.Schema {
	out, _ := inference.Evidence{Seen: shape.Fields()}.Settle()
	return out.Columns
}

func decimal(t tester, text string) bson.Decimal128 {
	t.Helper()
	d, err := bson.ParseDecimal128(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func uuid(b byte) bson.Binary {
	return bson.Binary{Subtype: 4, Data: []byte{b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}
}

func TestInference(t *testing.T) {
	id := bson.ObjectID{1, 2, 3}
	now := bson.NewDateTimeFromTime(time.Unix(1_700_000_000, 0))
	for _, test := range []struct {
		name   string
		values []any
		want   string
	}{
		{"nothing but nulls", []any{nil, bson.Undefined{}}, "string"},
		{"boolean", []any{true, nil}, "boolean"},
		{"int", []any{int32(1), int32(math.MinInt32)}, "int"},
		{"int and long", []any{int32(1), int64(1)}, "long"},
		{"double", []any{1.5, math.NaN(), math.Inf(-1)}, "double"},
		{"int and double", []any{int32(1), 1.5}, "double"},
		{"a long that a double holds", []any{int64(1 << 53), 1.5}, "double"},
		{"a long that no double holds", []any{int64(1<<53 + 1), 1.5}, "string"},
		{"decimals", []any{decimal(t, "1.50"), decimal(t, "1E+3"), decimal(t, "0.001")}, "decimal(38, 3)"},
		{"zeros on the right are no digits", []any{decimal(t, "1.5000000")}, "decimal(38, 1)"},
		{"the most digits", []any{decimal(t, "9999999999999999999999999999999999"), decimal(t, "0.0001")}, "decimal(38, 4)"},
		{"too many digits on both sides", []any{decimal(t, "9999999999999999999999999999999999"), decimal(t, "0.00001")}, "string"},
		{"a decimal that is none", []any{decimal(t, "1.5"), decimal(t, "NaN")}, "string"},
		{"an infinite decimal", []any{decimal(t, "-Infinity")}, "string"},
		{"a tiny decimal", []any{decimal(t, "1E-6176")}, "string"},
		{"decimal and long", []any{decimal(t, "0.01"), int64(math.MaxInt64)}, "decimal(38, 2)"},
		{"decimal and double", []any{decimal(t, "0.01"), 0.5}, "string"},
		{"text", []any{"a", bson.Symbol("b")}, "string"},
		{"ids", []any{id}, "string"},
		{"dates", []any{now}, "timestamptz"},
		{"uuids", []any{uuid(1), uuid(2)}, "uuid"},
		{"bytes", []any{bson.Binary{Subtype: 0, Data: []byte{1}}, bson.Binary{Subtype: 128, Data: nil}}, "binary"},
		{"an old uuid", []any{bson.Binary{Subtype: 3, Data: uuid(1).Data}}, "binary"},
		{"uuid and bytes", []any{uuid(1), bson.Binary{Data: []byte{1}}}, "string"},
		{"number and text", []any{int32(1), "1"}, "string"},
		{"date and text", []any{now, "x"}, "string"},
		{"regex", []any{bson.Regex{Pattern: "a"}}, "string"},
		{"timestamp", []any{bson.Timestamp{T: 1, I: 2}}, "string"},
		{"keys", []any{bson.MinKey{}, bson.MaxKey{}}, "string"},
		{"objects", []any{bson.D{{Key: "a", Value: int32(1)}}, bson.D{{Key: "b", Value: "x"}, {Key: "a", Value: 1.5}}},
			"object({ a = double, b = string })"},
		{"no fields", []any{bson.D{}}, "string"},
		{"object and text", []any{bson.D{{Key: "a", Value: int32(1)}}, "x"}, "string"},
		{"lists", []any{bson.A{int32(1)}, bson.A{}, bson.A{nil, int64(5)}}, "list(long)"},
		{"empty lists", []any{bson.A{}}, "list(string)"},
		{"mixed lists", []any{bson.A{int32(1), "x"}}, "list(string)"},
		{"lists of objects", []any{bson.A{bson.D{{Key: "a", Value: true}}, bson.D{{Key: "b", Value: now}}}},
			"list(object({ a = boolean, b = timestamptz }))"},
		{"list and scalar", []any{bson.A{int32(1)}, int32(1)}, "string"},
		{"odd names", []any{bson.D{{Key: "a.b", Value: int32(1)}, {Key: "$c", Value: int32(1)}}}, `object({ "a.b" = int, "$c" = int })`},
	} {
		t.Run(test.name, func(t *testing.T) {
			var documents [][]byte
			for _, v := range test.values {
				documents = append(documents, field(t, v))
			}
			if got := inferred(t, documents...)[0].Type.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestDepth makes JSON text of what no engine could nest.
func TestDepth(t *testing.T) {
	value := any(int32(7))
	for range 90 {
		value = bson.D{{Key: "x", Value: value}}
	}
	document := field(t, value)
	columns := inferred(t, document)
	if depth := strings.Count(columns[0].Type.String(), "object("); depth == 0 || depth > coltype.MaxDepth {
		t.Errorf("the type nests %d deep", depth)
	}
	rows, problem := appended(t, columns, document)
	if problem != nil {
		t.Fatal(problem)
	}
	if text := rows.Column(0).ValueStr(0); !strings.Contains(text, `7}}`) {
		t.Errorf("the value is lost: %s", text)
	}
}

// appended makes a batch of documents, and returns the first reason why one of them is no row.
func appended(t tester, columns coltype.Schema, documents ...[]byte) (arrow.RecordBatch, error) {
	t.Helper()
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(columns))
	defer builder.Release()
	appender := bsonvalue.NewAppender(columns, nil)
	var problem error
	for _, d := range documents {
		if err := appender.Append(builder.Fields(), d); err != nil && problem == nil {
			problem = err
		}
	}
	batch := builder.NewRecordBatch()
	if len(columns) > 0 && int(batch.NumRows()) != len(documents) {
		t.Fatalf("%d rows of %d documents", batch.NumRows(), len(documents))
	}
	return batch, problem
}

func parse(t tester, text string) coltype.Type {
	t.Helper()
	parsed, err := coltype.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestAppend has values and the types that they are appended as; a want that begins with ! is part of the reason why
// the value doesn't fit.
func TestAppend(t *testing.T) {
	id, _ := bson.ObjectIDFromHex("0123456789abcdef01234567")
	at := bson.NewDateTimeFromTime(time.Date(2026, 11, 22, 18, 4, 11, 123e6, time.UTC))
	day := bson.NewDateTimeFromTime(time.Date(1969, 12, 30, 0, 0, 0, 0, time.UTC))
	for _, test := range []struct {
		value  any
		column string
		want   string
	}{
		{nil, "long", "(null)"},
		{bson.Undefined{}, "string", "(null)"},
		{true, "boolean", "true"},
		{int32(-5), "int", "-5"},
		{int64(math.MinInt64), "long", "-9223372036854775808"},
		{int64(1 << 40), "int", "!does not fit into 32 bits"},
		{7.0, "long", "7"},
		{7.5, "long", "!it is not a whole number"},
		{1e300, "long", "!is not a valid long"},
		{math.NaN(), "long", "!is not a valid long"},
		{decimal(t, "7.00"), "long", "7"},
		{decimal(t, "9223372036854775808"), "long", "!does not fit into 64 bits"},
		{1.5, "double", "1.5"},
		{math.Inf(1), "double", "+Inf"},
		{int64(1<<53 + 1), "double", "!is not a valid double"},
		{int64(math.MaxInt64), "double", "!is not a valid double"},
		{int64(math.MinInt64), "double", "-9.223372036854776e+18"},
		{decimal(t, "0.1"), "double", "0.1"},
		{decimal(t, "-0.10"), "double", "-0.1"},
		{decimal(t, "0.1000000000000000000000000000000001"), "double", "!is not a valid double"},
		{decimal(t, "NaN"), "double", "NaN"},
		{0.1, "float", "0.1"},
		{0.1234567890123, "float", "!is not a valid float"},
		{decimal(t, "12.50"), "decimal(10, 1)", "12.5"},
		{decimal(t, "12.55"), "decimal(10, 1)", "!more than 1 digits after the point"},
		{decimal(t, "1E+3"), "decimal(10, 1)", "1000"},
		{decimal(t, "-0"), "decimal(38, 0)", "0"},
		{decimal(t, "Infinity"), "decimal(38, 0)", "!is not a valid decimal(38, 0)"},
		{int32(5), "decimal(38, 4)", "5"},
		{0.25, "decimal(5, 2)", "0.25"},
		{"text", "string", "text"},
		{"", "string", ""},
		{"a\x00b", "string", "a\x00b"},
		{"12", "long", "12"},
		{"2020-02-30", "date", `!"2020-02-30" is not a valid date`},
		{id, "string", "0123456789abcdef01234567"},
		{at, "timestamptz", "2026-11-22T18:04:11.123Z"},
		{at, "timestamp", "2026-11-22T18:04:11.123"},
		{at, "date", "!it has a time of day"},
		{day, "date", "1969-12-30"},
		{bson.DateTime(-62_135_596_800_000), "timestamptz", "0001-01-01T00:00:00Z"},
		{bson.DateTime(253_402_300_799_999), "timestamptz", "9999-12-31T23:59:59.999Z"},
		{bson.DateTime(253_402_300_800_000), "timestamptz", "!outside the years 1 to 9999"},
		{bson.DateTime(math.MinInt64), "timestamptz", "!outside the years 1 to 9999"},
		{uuid(0xab), "uuid", "ab010203-0405-0607-0809-0a0b0c0d0e0f"},
		{bson.Binary{Subtype: 3, Data: uuid(1).Data}, "uuid", "!is not a valid uuid"},
		{bson.Binary{Data: []byte("hi")}, "binary", "aGk="},
		{bson.Binary{Subtype: 2, Data: []byte("hi")}, "binary", "aGk="},
		{"0x6869", "binary", "aGk="},
		{int32(1), "boolean", "!is not a valid boolean"},
		{bson.D{{Key: "a", Value: int32(1)}, {Key: "z", Value: "x"}}, "object({ a = long, b = string })", `{"a":1,"b":null}`},
		{bson.D{{Key: "a", Value: "x"}}, "object({ a = long })", `!column "v.a": "x" is not a valid long`},
		{int32(1), "object({ a = long })", "!is not a valid object"},
		{bson.A{int32(1), nil, int64(3)}, "list(long)", "[1,null,3]"},
		{bson.A{"x"}, "list(long)", `!column "v[]": "x" is not a valid long`},
		{"x", "list(long)", "!is not a valid list(long)"},
		{bson.D{{Key: "k", Value: int32(1)}, {Key: "", Value: nil}}, "map(string, long)", `[{"key":"k","value":1},{"key":"","value":null}]`},
		{bson.D{{Key: "x", Value: int32(1)}}, "map(long, long)", `!column "v[key]": "x" is not a valid long`},
	} {
		columns := coltype.Schema{{Name: "v", Type: parse(t, test.column)}}
		rows, problem := appended(t, columns, field(t, test.value))
		reason, refused := strings.CutPrefix(test.want, "!")
		switch {
		case refused && (problem == nil || !strings.Contains(problem.Error(), reason)):
			t.Errorf("%v as %s: the reason is %v, not %q", test.value, test.column, problem, reason)
		case !refused && (problem != nil || rows.Column(0).ValueStr(0) != test.want):
			t.Errorf("%v as %s: %q, %v, not %q", test.value, test.column, rows.Column(0).ValueStr(0), problem, test.want)
		}
	}
}

// TestText has what a column of texts makes of each type.
func TestText(t *testing.T) {
	id, _ := bson.ObjectIDFromHex("0123456789abcdef01234567")
	for _, test := range []struct {
		value any
		want  string
	}{
		{"as it \"is\"", `as it "is"`},
		{bson.Symbol("s"), "s"},
		{id, "0123456789abcdef01234567"},
		{true, "true"},
		{int32(1), "1"},
		{int64(-1), "-1"},
		{1.0, "1.0"},
		{1.5e300, "1.5E+300"},
		{math.NaN(), `{"$numberDouble":"NaN"}`},
		{math.Inf(-1), `{"$numberDouble":"-Infinity"}`},
		{decimal(t, "1.50"), `{"$numberDecimal":"1.50"}`},
		{decimal(t, "NaN"), `{"$numberDecimal":"NaN"}`},
		{bson.DateTime(1), `{"$date":"1970-01-01T00:00:00.001Z"}`},
		{bson.DateTime(-1), `{"$date":{"$numberLong":"-1"}}`},
		{bson.DateTime(math.MaxInt64), `{"$date":{"$numberLong":"9223372036854775807"}}`},
		{bson.Binary{Subtype: 4, Data: []byte("hi")}, `{"$binary":{"base64":"aGk=","subType":"04"}}`},
		{bson.Regex{Pattern: `a"b`, Options: "i"}, `{"$regularExpression":{"pattern":"a\"b","options":"i"}}`},
		{bson.Timestamp{T: math.MaxUint32, I: 2}, `{"$timestamp":{"t":4294967295,"i":2}}`},
		{bson.JavaScript("f()"), `{"$code":"f()"}`},
		{bson.CodeWithScope{Code: "f()", Scope: bson.D{{Key: "x", Value: int32(1)}}}, `{"$code":"f()","$scope":{"x":1}}`},
		{bson.DBPointer{DB: "a.b", Pointer: id}, `{"$dbPointer":{"$ref":"a.b","$id":{"$oid":"0123456789abcdef01234567"}}}`},
		{bson.MinKey{}, `{"$minKey":1}`},
		{bson.MaxKey{}, `{"$maxKey":1}`},
		{bson.D{{Key: "a\n", Value: bson.A{nil, "x", id, bson.Symbol("s"), bson.Undefined{}}}, {Key: "", Value: bson.D{}}},
			`{"a\n":[null,"x",{"$oid":"0123456789abcdef01234567"},{"$symbol":"s"},{"$undefined":true}],"":{}}`},
	} {
		rows, problem := appended(t, coltype.Schema{{Name: "v", Type: coltype.Of(coltype.String)}}, field(t, test.value))
		if got := rows.Column(0).ValueStr(0); got != test.want || problem != nil {
			t.Errorf("%v is %s, %v, not %s", test.value, got, problem, test.want)
		}
	}
}

// TestNoRow has documents that are no row whatever the columns.
func TestNoRow(t *testing.T) {
	columns := coltype.Schema{{Name: "v", Type: coltype.Of(coltype.String)}, {Name: "o", Type: parse(t, "object({ a = long })")}}
	text := field(t, "ab")
	invalid := []byte(strings.Replace(string(text), "ab", "\xff\xfe", 1))
	for name, test := range map[string]struct {
		document []byte
		want     string
	}{
		"a field twice":           {encode(t, bson.D{{Key: "v", Value: "a"}, {Key: "v", Value: "b"}}), `the field "v" is there twice`},
		"a field twice inside":    {encode(t, bson.D{{Key: "o", Value: bson.D{{Key: "a", Value: int32(1)}, {Key: "a", Value: int32(1)}}}}), `column "o": the field "a" is there twice`},
		"not UTF-8":               {invalid, `column "v": the text is not valid UTF-8`},
		"a name that isn't UTF-8": {[]byte(strings.Replace(string(encode(t, bson.D{{Key: "xx", Value: true}})), "xx", "\xff\xfe", 1)), "the name of a field is not valid UTF-8"},
		"cut off":                 {text[:len(text)-3], "the document is not valid BSON"},
		"an unknown type":         {[]byte{8, 0, 0, 0, 0x20, 'v', 0, 0}, "the document is not valid BSON"},
		"a length beyond the end": {[]byte{13, 0, 0, 0, 2, 'v', 0, 9, 0, 0, 0, 0, 0}, "the document is not valid BSON"},
	} {
		if _, problem := appended(t, columns, test.document); problem == nil || problem.Error() != test.want {
			t.Errorf("%s: %v, not %q", name, problem, test.want)
		}
	}
}

// TestUnplaced tells the fields for which there is no column.
func TestUnplaced(t *testing.T) {
	var names []string
	a := bsonvalue.NewAppender(nil, func(name []byte) { names = append(names, string(name)) })
	if err := a.Append(nil, encode(t, bson.D{{Key: "x", Value: 1}, {Key: "y", Value: 2}})); err != nil || strings.Join(names, ",") != "x,y" {
		t.Errorf("%v, %v", names, err)
	}
}
