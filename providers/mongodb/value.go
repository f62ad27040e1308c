package mongodb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// value is a value of a cursor field. In JSON it is canonical Extended JSON, which keeps its type.
type value struct{ bson.RawValue }

// MarshalJSON writes {"v": …}.
func (v value) MarshalJSON() ([]byte, error) {
	return bson.MarshalExtJSON(bson.D{{Key: "v", Value: v.RawValue}}, true, false)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *value) UnmarshalJSON(text []byte) error {
	var raw bson.Raw
	if err := bson.UnmarshalExtJSON(text, true, &raw); err != nil {
		return err
	}
	v.RawValue = raw.Lookup("v")
	return nil
}

// copied owns its bytes.
func copied(v bson.RawValue) *value {
	return &value{bson.RawValue{Type: v.Type, Value: bytes.Clone(v.Value)}}
}

// compare orders values of the same kind as the server does.
func (v value) compare(other value) int {
	switch bracket(v.RawValue) {
	case 'n':
		a, b := v.number(), other.number()
		return a.Cmp(b)
	case 'd':
		a, b := v.DateTime(), other.DateTime()
		return compareInts(a, b)
	case 'o':
		return bytes.Compare(v.Value, other.Value)
	}
	return strings.Compare(v.string(), other.string())
}

func compareInts(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (v value) string() string {
	if text, ok := v.StringValueOK(); ok {
		return text
	}
	text, _ := v.SymbolOK()
	return text
}

// number is exact; infinities, which no fraction is, lie beyond all others.
func (v value) number() *big.Rat {
	switch v.Type {
	case bson.TypeInt32:
		return new(big.Rat).SetInt64(int64(v.Int32()))
	case bson.TypeInt64:
		return new(big.Rat).SetInt64(v.Int64())
	case bson.TypeDouble:
		if exact := new(big.Rat).SetFloat64(v.Double()); exact != nil {
			return exact
		}
		return beyond(v.Double() > 0)
	case bson.TypeDecimal128:
		coefficient, exponent, err := v.Decimal128().BigInt()
		if err != nil {
			return beyond(errors.Is(err, bson.ErrParseInf))
		}
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(exponent, -exponent))), nil)
		if exponent < 0 {
			return new(big.Rat).SetFrac(coefficient, scale)
		}
		return new(big.Rat).SetInt(scale.Mul(scale, coefficient))
	}
	return new(big.Rat)
}

func beyond(positive bool) *big.Rat {
	n := new(big.Int).Exp(big.NewInt(10), big.NewInt(7000), nil)
	if !positive {
		n.Neg(n)
	}
	return new(big.Rat).SetInt(n)
}

// text is the value as a column's type spells it; ok is false where their orders differ.
func (v value) text(t coltype.Type) (string, bool) {
	switch bracket(v.RawValue) {
	case 'd':
		at := time.UnixMilli(v.DateTime()).UTC()
		switch t.Kind {
		case coltype.Timestamptz:
			return at.Format("2006-01-02T15:04:05.000Z07:00"), true
		case coltype.Timestamp:
			return at.Format("2006-01-02T15:04:05.000"), true
		case coltype.Date:
			return at.Format(time.DateOnly), true
		}
		return "", false
	case 'n':
		return v.plain(), t.Kind.Numeric()
	case 'o':
		return v.ObjectID().Hex(), t.Kind == coltype.String
	}
	return v.string(), t.Kind == coltype.String
}

// plain is a number without an exponent.
func (v value) plain() string {
	switch v.Type {
	case bson.TypeInt32:
		return strconv.Itoa(int(v.Int32()))
	case bson.TypeInt64:
		return strconv.FormatInt(v.Int64(), 10)
	case bson.TypeDouble:
		return strconv.FormatFloat(v.Double(), 'f', -1, 64)
	}
	return v.Decimal128().String()
}

// shown is the value in words that a person reads.
func (v value) shown() string {
	switch bracket(v.RawValue) {
	case 'd':
		return time.UnixMilli(v.DateTime()).UTC().Format("2006-01-02 15:04:05.999Z")
	case 'n':
		return v.plain()
	case 'o':
		return v.ObjectID().Hex()
	}
	return strconv.Quote(v.string())
}

// errLookback is a lookback of a kind that the cursor's values can't be moved by.
var errLookback = errors.New("the lookback doesn't fit the cursor")

// before is the value a lookback earlier.
func (v value) before(l lookback) (*value, error) {
	if l.text == "" || l.isNumber && l.number == 0 {
		return &v, nil
	}
	switch {
	case v.Type == bson.TypeDateTime && !l.isNumber:
		return made(bson.DateTime(v.DateTime() - l.duration.Milliseconds()))
	case v.Type == bson.TypeObjectID && !l.isNumber:
		return made(earlier(v.ObjectID(), l.duration))
	case bracket(v.RawValue) == 'n' && l.isNumber:
		return v.less(l.number)
	}
	return nil, errLookback
}

// earlier is the least ObjectId of a time before another.
func earlier(id bson.ObjectID, by time.Duration) bson.ObjectID {
	seconds := int64(binary.BigEndian.Uint32(id[:])) - int64(math.Ceil(by.Seconds()))
	var out bson.ObjectID
	binary.BigEndian.PutUint32(out[:], uint32(max(seconds, 0)))
	return out
}

func (v value) less(n int64) (*value, error) {
	switch v.Type {
	case bson.TypeDouble:
		return made(v.Double() - float64(n))
	case bson.TypeDecimal128:
		return v.lessDecimal(n)
	}
	whole, _ := v.AsInt64OK()
	if whole < math.MinInt64+n {
		return made(int64(math.MinInt64))
	}
	return made(whole - n)
}

func (v value) lessDecimal(n int64) (*value, error) {
	coefficient, exponent, err := v.Decimal128().BigInt()
	if err != nil {
		return nil, errLookback
	}
	if exponent > 0 {
		coefficient.Mul(coefficient, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(exponent)), nil))
		exponent = 0
	}
	step := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-exponent)), nil)
	coefficient.Sub(coefficient, step.Mul(step, big.NewInt(n)))
	d, ok := bson.ParseDecimal128FromBigInt(coefficient, exponent)
	if !ok {
		return nil, errLookback
	}
	return made(d)
}

func made(v any) (*value, error) {
	kind, data, err := bson.MarshalValue(v)
	if err != nil {
		return nil, err
	}
	return &value{bson.RawValue{Type: kind, Value: data}}, nil
}
