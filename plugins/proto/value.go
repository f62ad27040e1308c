package proto

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
	"github.com/zclconf/go-cty/cty/msgpack"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// EncodeValue writes a value with its type. cty.NilVal is nil. Marks must be stripped before: they mean nothing outside
// of the host.
func EncodeValue(v cty.Value) (*Value, error) {
	if v == cty.NilVal {
		return nil, nil
	}
	if v.ContainsMarked() {
		return nil, errors.New("encoding a value for a plugin: it is still marked (this is a bug in etl)")
	}
	typ, err := ctyjson.MarshalType(v.Type())
	if err != nil {
		return nil, fmt.Errorf("encoding a value's type for a plugin: %w", err)
	}
	value, err := msgpack.Marshal(v, v.Type())
	if err != nil {
		return nil, fmt.Errorf("encoding a value for a plugin: %w", err)
	}
	return &Value{Type: typ, Value: value}, nil
}

// DecodeValue reads what EncodeValue wrote.
func DecodeValue(v *Value) (cty.Value, error) {
	if v == nil {
		return cty.NilVal, nil
	}
	typ, err := ctyjson.UnmarshalType(v.Type)
	if err != nil {
		return cty.NilVal, fmt.Errorf("decoding a value's type: %w", err)
	}
	value, err := msgpack.Unmarshal(v.Value, typ)
	if err != nil {
		return cty.NilVal, fmt.Errorf("decoding a value of type %s: %w", typ.FriendlyName(), err)
	}
	return value, nil
}

// EncodeColumns writes columns; none is nil.
func EncodeColumns(columns coltype.Schema) ([]byte, error) {
	if len(columns) == 0 {
		return nil, nil
	}
	return json.Marshal(columns)
}

// DecodeColumns reads what EncodeColumns wrote.
func DecodeColumns(text []byte) (coltype.Schema, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var columns coltype.Schema
	if err := json.Unmarshal(text, &columns); err != nil {
		return nil, fmt.Errorf("decoding columns: %w", err)
	}
	return columns, nil
}
