package state

import (
	"fmt"
	"math"
	"time"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"github.com/apache/iceberg-go"
	"github.com/google/uuid"
)

// Values of partitions and bounds are, in Go: bool; int64 for int and long; float64; string for string, uuid and decimal (its
// digits); []byte; int64 days for date, and int64 microseconds for time, timestamp and timestamptz. Partition
// values may be given as int, int32, float32, time.Time or uuid.UUID too.

// partitionValue is a value as the library wants it for a type; nil stands for null.
func partitionValue(t iceberg.Type, value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	var converted any
	var ok bool
	switch t := t.(type) {
	case iceberg.BooleanType:
		converted, ok = value.(bool)
	case iceberg.Int32Type:
		converted, ok = asInt32[int32](value)
	case iceberg.DateType:
		converted, ok = asInt32[iceberg.Date](value)
	case iceberg.Int64Type:
		converted, ok = asInt64[int64](value)
	case iceberg.TimeType:
		converted, ok = asInt64[iceberg.Time](value)
	case iceberg.TimestampType, iceberg.TimestampTzType:
		converted, ok = asInt64[iceberg.Timestamp](value)
	case iceberg.Float32Type:
		var wide float64
		wide, ok = asFloat(value)
		converted = float32(wide)
	case iceberg.Float64Type:
		converted, ok = asFloat(value)
	case iceberg.StringType:
		converted, ok = value.(string)
	case iceberg.BinaryType, iceberg.FixedType:
		converted, ok = value.([]byte)
	case iceberg.UUIDType:
		converted, ok = asUUID(value)
	case iceberg.DecimalType:
		return asDecimal(t, value)
	}
	if !ok {
		return nil, fmt.Errorf("%v (%T) is not a value of type %s", value, value, t)
	}
	return converted, nil
}

func asInteger(value any) (int64, bool) {
	switch v := value.(type) {
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int64:
		return v, true
	case iceberg.Date:
		return int64(v), true
	case iceberg.Timestamp:
		return int64(v), true
	case iceberg.Time:
		return int64(v), true
	}
	return 0, false
}

func asInt32[T ~int32](value any) (T, bool) {
	if at, isTime := value.(time.Time); isTime {
		days := math.Floor(float64(at.Unix()) / 86400)
		return T(days), true
	}
	n, ok := asInteger(value)
	return T(n), ok && n >= math.MinInt32 && n <= math.MaxInt32
}

func asInt64[T ~int64](value any) (T, bool) {
	if at, isTime := value.(time.Time); isTime {
		return T(at.UnixMicro()), true
	}
	n, ok := asInteger(value)
	return T(n), ok
}

func asFloat(value any) (float64, bool) {
	switch v := value.(type) {
	case float32:
		return float64(v), true
	case float64:
		return v, true
	}
	n, ok := asInteger(value)
	return float64(n), ok
}

func asUUID(value any) (uuid.UUID, bool) {
	switch v := value.(type) {
	case uuid.UUID:
		return v, true
	case [16]byte:
		return v, true
	case string:
		parsed, err := uuid.Parse(v)
		return parsed, err == nil
	}
	return uuid.UUID{}, false
}

func asDecimal(t iceberg.DecimalType, value any) (any, error) {
	switch v := value.(type) {
	case iceberg.Decimal:
		return v, nil
	case string:
		number, err := decimal128.FromString(v, int32(t.Precision()), int32(t.Scale()))
		if err != nil {
			return nil, fmt.Errorf("%q is not a value of type %s: %w", v, t, err)
		}
		return iceberg.Decimal{Val: number, Scale: t.Scale()}, nil
	}
	return nil, fmt.Errorf("%v (%T) is not a value of type %s: decimals are given as text", value, value, t)
}

// plain is a value of the library's as our callers know it.
func plain(value any) any {
	if literal, isLiteral := value.(iceberg.Literal); isLiteral {
		value = literal.Any()
	}
	switch v := value.(type) {
	case int32:
		return int64(v)
	case iceberg.Date:
		return int64(v)
	case iceberg.Time:
		return int64(v)
	case iceberg.Timestamp:
		return int64(v)
	case iceberg.TimestampNano:
		return int64(v)
	case float32:
		return float64(v)
	case iceberg.Decimal:
		return v.Val.ToString(int32(v.Scale))
	case uuid.UUID:
		return v.String()
	}
	return value
}
