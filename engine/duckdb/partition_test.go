package duckdb

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"sort"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/iceberg-go"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/state"
)

// The hashes of Iceberg's specification, appendix B.
func TestHashesOfTheSpecification(t *testing.T) {
	decimal, err := murmur3Unscaled("1420")
	if err != nil {
		t.Fatal(err)
	}
	u := uuid.MustParse("f79c3e09-677c-4bbd-a479-3f349cb785e7")
	for name, c := range map[string][2]int32{
		"34":                  {int32(murmur3Long(34)), 2017239379},
		"14.20":               {int32(decimal), -500754589},
		"2017-11-16":          {int32(murmur3Long(17486)), -653330422},
		"22:31:08":            {int32(murmur3Long(81068000000)), -662762989},
		"2017-11-16T22:31:08": {int32(murmur3Long(1510871468000000)), -2047944441},
		"iceberg":             {int32(murmur3([]byte("iceberg"))), 1210000089},
		"uuid":                {int32(murmur3(u[:])), 1488055340},
		"bytes 00 01 02 03":   {int32(murmur3([]byte{0, 1, 2, 3})), -188683207},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d, want %d", name, c[0], c[1])
		}
	}
}

// sample is a value as SQL and as Iceberg's library has it.
type sample struct {
	sql     string
	literal iceberg.Literal
}

// drawSample draws a value of a type.
func drawSample(t *rapid.T, kind coltype.Type) sample {
	whole := rapid.OneOf(rapid.Int64(), rapid.Int64Range(-100, 100), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64, 0, -1}))
	micros := rapid.Int64Range(-62135596800000000, 253402300799999999) // years 1 to 9999
	switch kind.Kind {
	case coltype.Boolean:
		v := rapid.Bool().Draw(t, "bool")
		return sample{fmt.Sprint(v), iceberg.BoolLiteral(v)}
	case coltype.Int:
		v := int32(whole.Draw(t, "int"))
		return sample{fmt.Sprintf("(%d)::INTEGER", v), iceberg.Int32Literal(v)}
	case coltype.Long:
		v := whole.Draw(t, "long")
		return sample{fmt.Sprintf("'%d'::BIGINT", v), iceberg.Int64Literal(v)}
	case coltype.Decimal:
		v := new(big.Int).Mul(big.NewInt(whole.Draw(t, "decimal")), big.NewInt(rapid.SampledFrom([]int64{1, 1_000_000_007, 99_999_999_999}).Draw(t, "factor")))
		v.Rem(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(kind.Precision)), nil))
		return sample{fmt.Sprintf("'%s'::%s", unscaledText(v, kind.Scale), dialect.Type(kind)), iceberg.DecimalLiteral{Val: decimal128.FromBigInt(v), Scale: kind.Scale}}
	case coltype.Date:
		v := int32(micros.Draw(t, "date") / 86_400_000_000)
		return sample{fmt.Sprintf("(DATE '1970-01-01' + (%d))", v), iceberg.DateLiteral(v)}
	case coltype.Time:
		v := rapid.Int64Range(0, 86_399_999_999).Draw(t, "time")
		return sample{fmt.Sprintf("(TIME '00:00:00' + to_microseconds(%d))", v), iceberg.TimeLiteral(v)}
	case coltype.Timestamp, coltype.Timestamptz:
		v := micros.Draw(t, "timestamp")
		text := "make_timestamp(" + fmt.Sprint(v) + ")"
		if kind.Kind == coltype.Timestamptz {
			text = "make_timestamptz(" + fmt.Sprint(v) + ")"
		}
		return sample{text, iceberg.TimestampLiteral(v)}
	case coltype.UUID:
		var u uuid.UUID
		copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
		return sample{"'" + u.String() + "'::UUID", iceberg.UUIDLiteral(u)}
	case coltype.Binary:
		v := rapid.SliceOfN(rapid.Byte(), 0, 90).Draw(t, "binary")
		return sample{"unhex('" + hex.EncodeToString(v) + "')", iceberg.BinaryLiteral(v)}
	case coltype.Double:
		v := rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{math.Inf(1), 0, math.Copysign(0, -1), 0.1})).Draw(t, "double")
		return sample{fmt.Sprintf("'%s'::DOUBLE", strings.Replace(fmt.Sprint(v), "+Inf", "inf", 1)), iceberg.Float64Literal(v)}
	case coltype.Float:
		v := rapid.Float32().Draw(t, "float")
		return sample{fmt.Sprintf("'%v'::FLOAT", v), iceberg.Float32Literal(v)}
	}
	v := strings.ReplaceAll(rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zé😀/=% .]{0,90}`), rapid.SampledFrom([]string{"", "..", "__HIVE_DEFAULT_PARTITION__", "NULL"})).Draw(t, "string"), "\x00", "0")
	return sample{dialect.Text(v), iceberg.StringLiteral(v)}
}

// plainLiteral is a literal as this package gives partition values.
func plainLiteral(l iceberg.Literal) any {
	switch v := l.(type) {
	case iceberg.BoolLiteral:
		return bool(v)
	case iceberg.Int32Literal:
		return int64(v)
	case iceberg.Int64Literal:
		return int64(v)
	case iceberg.DateLiteral:
		return int64(v)
	case iceberg.TimeLiteral:
		return int64(v)
	case iceberg.TimestampLiteral:
		return int64(v)
	case iceberg.Float32Literal:
		return float64(v)
	case iceberg.Float64Literal:
		return float64(v)
	case iceberg.UUIDLiteral:
		return uuid.UUID(v).String()
	case iceberg.BinaryLiteral:
		return []byte(v)
	case iceberg.DecimalLiteral:
		return v.Val.ToString(int32(v.Scale))
	case iceberg.StringLiteral:
		return string(v)
	}
	return fmt.Sprintf("unexpected %T", l)
}

func transformsOf(kind coltype.Kind) []string {
	all := []string{"identity", "void"}
	switch kind {
	case coltype.Date:
		return append(all, "year", "month", "day", "bucket[7]")
	case coltype.Timestamp, coltype.Timestamptz:
		return append(all, "year", "month", "day", "hour", "bucket[7]")
	case coltype.Int, coltype.Long, coltype.Decimal, coltype.String, coltype.Binary:
		return append(all, "bucket[7]", "bucket[1000]", "truncate[3]", "truncate[70]")
	case coltype.Time, coltype.UUID:
		return append(all, "bucket[7]")
	}
	return all
}

func TestTransformsAreIcebergs(t *testing.T) {
	s := openSession(t)
	kinds := []coltype.Type{
		{Kind: coltype.Boolean}, {Kind: coltype.Int}, {Kind: coltype.Long}, {Kind: coltype.Float}, {Kind: coltype.Double}, {Kind: coltype.Date},
		{Kind: coltype.Time}, {Kind: coltype.Timestamp}, {Kind: coltype.Timestamptz}, {Kind: coltype.String}, {Kind: coltype.UUID}, {Kind: coltype.Binary},
		{Kind: coltype.Decimal, Precision: 9, Scale: 2}, {Kind: coltype.Decimal, Precision: 18, Scale: 0}, {Kind: coltype.Decimal, Precision: 37, Scale: 37},
	}
	for _, kind := range kinds {
		t.Run(dialect.Type(kind), func(t *testing.T) {
			var spec []state.PartitionField
			var oracles []iceberg.Transform
			for _, transform := range transformsOf(kind.Kind) {
				spec = append(spec, state.PartitionField{Column: "x", Transform: transform})
				oracle, err := iceberg.ParseTransform(transform)
				if err != nil {
					t.Fatal(err)
				}
				oracles = append(oracles, oracle)
			}
			fields, err := partitionFields(spec, coltype.Schema{column(1, "x", kind)})
			if err != nil {
				t.Fatal(err)
			}
			rapid.Check(t, func(t *rapid.T) {
				samples := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) sample { return drawSample(t, kind) }), 20, 20).Draw(t, "samples")
				compareTransforms(t, s, fields, oracles, samples)
			})
		})
	}
}

func compareTransforms(t *rapid.T, s *Session, fields []partitionField, oracles []iceberg.Transform, samples []sample) {
	values, expressions := make([]string, len(samples)), make([]string, len(fields))
	for i, v := range samples {
		values[i] = fmt.Sprintf("(%d, %s)", i, v.sql)
	}
	for i, f := range fields { // the whole text, so that long values are compared too
		expressions[i] = strings.ReplaceAll(f.text, fmt.Sprintf("<= %d THEN", maxPartitionText), ">= 0 THEN")
	}
	query := fmt.Sprintf("SELECT [%s] FROM (VALUES %s, (%d, NULL)) v(i, x) ORDER BY i", strings.Join(expressions, ", "), strings.Join(values, ", "), len(samples))
	rows, err := s.conn.QueryContext(context.Background(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer func() { _ = rows.Close() }()
	for i := 0; rows.Next(); i++ {
		var list any
		if err := rows.Scan(&list); err != nil {
			t.Fatal(err)
		}
		for j, text := range list.([]any) {
			if i == len(samples) {
				if text != nil {
					t.Fatalf("null became %q", text)
				}
				continue
			}
			compareTransform(t, fields[j], oracles[j], samples[i], text)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

func compareTransform(t *rapid.T, f partitionField, oracle iceberg.Transform, v sample, text any) {
	want := oracle.Apply(iceberg.Optional[iceberg.Literal]{Val: v.literal, Valid: true})
	if !want.Valid {
		if text != nil {
			t.Fatalf("%s of %s became %q", oracle, v.sql, text)
		}
		return
	}
	got, whole, err := f.decode(text.(string))
	if err != nil || !whole || !reflect.DeepEqual(got, plainLiteral(want.Val)) {
		t.Fatalf("%s of %s became %v (%v), want %v", oracle, v.sql, got, err, plainLiteral(want.Val))
	}
}

func TestEachFileHoldsOnePartition(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "s", coltype.String), field(3, "at", coltype.Timestamptz)}
	long := strings.Repeat("a long text with / and %2F and 'quotes' ", 5)
	query := `SELECT i AS id, [NULL, '', '..', 'a/b=c', '__HIVE_DEFAULT_PARTITION__', 'A', 'a', ` + dialect.Text(long) + `, ` + dialect.Text(long+"!") + `][1 + i % 9] AS s,
		CASE WHEN i % 4 > 0 THEN TIMESTAMPTZ '1969-12-31 23:59:59.999999+00' + to_days((i % 4)::INTEGER) END AS at FROM range(3600) r(i)`
	for _, sorted := range [][]state.SortField{nil, {{Column: "id"}}} {
		staged, err := s.Write(context.Background(), Write{
			Query: query, Columns: cols, Dir: t.TempDir(), Sort: sorted,
			Partition: []state.PartitionField{{Column: "s", Transform: "identity"}, {Column: "at", Transform: "day"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range staged {
			inside := texts(t, s, "SELECT DISTINCT (s IS NULL), s, (\"at\" IS NULL), coalesce(\"at\"::DATE - DATE '1970-01-01', 0) FROM read_parquet("+paths([]string{f.Path})+")")
			day := int64(0)
			if f.Partition[1] != nil {
				day = f.Partition[1].(int64)
			}
			equal(t, f.Path, inside, fmt.Sprintf("%t|%v|%t|%d", f.Partition[0] == nil, f.Partition[0], f.Partition[1] == nil, day))
			got = append(got, fmt.Sprintf("%v|%v %d", f.Partition[0], f.Partition[1], f.Rows))
		}
		sort.Strings(got)
		if len(got) != 36 || strings.Join(got, "") == "" || !strings.HasSuffix(got[0], " 100") {
			t.Errorf("%d partitions: %v", len(got), got)
		}
		equal(t, "columns", texts(t, s, "SELECT string_agg(name, ' ') FROM parquet_schema("+paths([]string{staged[0].Path})+") WHERE field_id IS NOT NULL"), "id s at")
	}
}

func TestManyPartitionsInLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes much data")
	}
	s := newSession(t, openEngine(t, Options{MemoryLimit: "40MB"}))
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "k", coltype.Long), field(3, "s", coltype.String)}
	dir := t.TempDir()
	staged, err := s.Write(context.Background(), Write{
		Query:   "SELECT i AS id, i % 400 AS k, md5(i::VARCHAR) AS s FROM range(40000) r(i)",
		Columns: cols, Dir: dir, Partition: []state.PartitionField{{Column: "k", Transform: "identity"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(left(t, dir))); n != len(staged) || n < 400 {
		t.Errorf("%d files in the folder, %d staged", n, len(staged))
	}
	bind(t, s, "silver.t", cols, dataFiles(staged, cols))
	equal(t, "content", texts(t, s, "SELECT count(*), count(DISTINCT s), count(DISTINCT k) FROM silver.t"), "40000|40000|400")
}

func TestPartitionsThatCantBe(t *testing.T) {
	s := openSession(t)
	cols := coltype.Schema{field(1, "id", coltype.Long), field(2, "d", coltype.Double), column(3, "l", listOf(field(4, "element", coltype.Int))), field(5, "day", coltype.Date)}
	for _, f := range []state.PartitionField{
		{Column: "nope", Transform: "identity"}, {Column: "id", Transform: "month"}, {Column: "d", Transform: "bucket[4]"}, {Column: "l", Transform: "identity"},
		{Column: "id", Transform: "bucket[0]"}, {Column: "id", Transform: "bucket"}, {Column: "id", Transform: "zorder"}, {Column: "day", Transform: "hour"}, {Column: "d", Transform: "truncate[2]"},
	} {
		_, err := s.Write(context.Background(), Write{Query: "SELECT 1 AS id", Columns: cols, Dir: t.TempDir(), Partition: []state.PartitionField{f}})
		var transform *TransformError
		if !errors.As(err, &transform) {
			t.Errorf("%v: %v", f, err)
		}
	}
}
