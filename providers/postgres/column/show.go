package column

import (
	"encoding/binary"
	"encoding/hex"
	"math"
	"strconv"
	"time"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// Show spells a value for a person, as the server would: what is quarantined is read by people, and they look for it in
// the source.
func Show(value []byte, from *Shape, format Format) string {
	if value == nil {
		return ""
	}
	if format == Text {
		return string(value)
	}
	switch from.Kind {
	case Array:
		return showList("{", "}", from, value)
	case Composite:
		return showList("(", ")", from, value)
	case JSONB:
		return string(value[min(1, len(value)):])
	case Bytes, Geometry:
		return `\x` + hex.EncodeToString(value)
	case Scalar:
		return showScalar(value, from.Natural)
	}
	return string(value)
}

func showList(open, closing string, from *Shape, value []byte) string {
	text := open
	add := func(i int, value []byte, null bool, shape *Shape) {
		if i > 0 {
			text += ","
		}
		if null {
			text += "NULL"
			return
		}
		text += Show(value, shape, Binary)
	}
	i := 0
	var err error
	if from.Kind == Array {
		err = eachOfArray(value, func(value []byte, null bool) error {
			add(i, value, null, from.Elem)
			i++
			return nil
		})
	} else {
		err = eachOfComposite(value, func(i int, value []byte, null bool) error {
			if i < len(from.Fields) {
				add(i, value, null, from.Fields[i].Shape)
			}
			return nil
		})
	}
	if err != nil {
		text += "…"
	}
	return text + closing
}

func showScalar(value []byte, t coltype.Type) string {
	switch t.Kind {
	case coltype.Boolean:
		if v, err := binaryBoolean(value); err == nil {
			return strconv.FormatBool(v)
		}
	case coltype.Int:
		if v, err := binaryInt(value); err == nil {
			return strconv.Itoa(int(v))
		}
	case coltype.Long:
		if v, err := binaryLong(value); err == nil {
			return strconv.FormatInt(v, 10)
		}
	case coltype.Float:
		if v, err := binaryFloat(value); err == nil {
			return strconv.FormatFloat(float64(v), 'g', -1, 32)
		}
	case coltype.Double:
		if v, err := binaryDouble(value); err == nil {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
	case coltype.Decimal:
		return showDecimal(value, t)
	case coltype.Date, coltype.Time, coltype.Timestamp, coltype.Timestamptz:
		return showClock(value, t.Kind)
	case coltype.UUID:
		if len(value) == 16 {
			x := hex.EncodeToString(value)
			return x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
		}
	case coltype.String:
		return string(value)
	}
	return `\x` + hex.EncodeToString(value)
}

func showDecimal(value []byte, t coltype.Type) string {
	v, err := binaryDecimal(value, t.Precision, t.Scale)
	switch {
	case err == nil:
		return v.ToString(int32(t.Scale))
	case len(value) < 6:
		return `\x` + hex.EncodeToString(value)
	}
	switch binary.BigEndian.Uint16(value[4:]) {
	case signNaN:
		return "NaN"
	case 0xD000:
		return "Infinity"
	case 0xF000:
		return "-Infinity"
	}
	return `\x` + hex.EncodeToString(value)
}

func showClock(value []byte, kind coltype.Kind) string {
	switch len(value) {
	case 4:
		days := int32(binary.BigEndian.Uint32(value))
		if days == math.MaxInt32 || days == math.MinInt32 {
			return showInfinite(days < 0)
		}
		return time.Unix((int64(days)+daysTo2000)*86_400, 0).UTC().Format(time.DateOnly)
	case 8:
		micros := int64(binary.BigEndian.Uint64(value))
		switch {
		case kind == coltype.Time && micros == microsPerDay:
			return "24:00:00"
		case kind == coltype.Time:
			return showTime(micros, "15:04:05.999999")
		case micros == math.MaxInt64 || micros == math.MinInt64:
			return showInfinite(micros < 0)
		case kind == coltype.Timestamptz:
			return showTime(micros, "2006-01-02 15:04:05.999999+00")
		}
		return showTime(micros, "2006-01-02 15:04:05.999999")
	}
	return `\x` + hex.EncodeToString(value)
}

func showInfinite(negative bool) string {
	if negative {
		return "-infinity"
	}
	return "infinity"
}

// showTime takes microseconds since 2000.
func showTime(micros int64, layout string) string {
	return time.Unix(micros/1_000_000+daysTo2000*86_400, micros%1_000_000*1_000).UTC().Format(layout)
}
