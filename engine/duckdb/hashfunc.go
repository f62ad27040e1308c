package duckdb

import (
	"database/sql"
	"database/sql/driver"
	"fmt"

	"github.com/duckdb/duckdb-go/v2"
)

// Names of the functions that this package adds to DuckDB, for bucket transforms. They give the hash without its sign bit.
const (
	hashLong    = "etl_hash_long"    // BIGINT
	hashText    = "etl_hash_text"    // VARCHAR
	hashBlob    = "etl_hash_blob"    // BLOB
	hashDecimal = "etl_hash_decimal" // the unscaled value, as VARCHAR
)

// registerHashes adds the functions to the instance that the connection belongs to.
func registerHashes(conn *sql.Conn) error {
	result, err := duckdb.NewTypeInfo(duckdb.TYPE_INTEGER)
	if err != nil {
		return fmt.Errorf("describing the hash functions: %w", err)
	}
	functions := []struct {
		name string
		kind duckdb.Type
		run  duckdb.RowExecutorFn
	}{
		{hashLong, duckdb.TYPE_BIGINT, hashed(func(v int64) (uint32, error) { return murmur3Long(v), nil })},
		{hashText, duckdb.TYPE_VARCHAR, hashed(func(v string) (uint32, error) { return murmur3([]byte(v)), nil })},
		{hashBlob, duckdb.TYPE_BLOB, hashed(func(v []byte) (uint32, error) { return murmur3(v), nil })},
		{hashDecimal, duckdb.TYPE_VARCHAR, hashed(murmur3Unscaled)},
	}
	for _, f := range functions {
		input, err := duckdb.NewTypeInfo(f.kind)
		if err != nil {
			return fmt.Errorf("describing the function %s: %w", f.name, err)
		}
		config := duckdb.ScalarFuncConfig{InputTypeInfos: []duckdb.TypeInfo{input}, ResultTypeInfo: result}
		if err := duckdb.RegisterScalarUDF(conn, f.name, hashFunction{config: config, run: f.run}); err != nil {
			return fmt.Errorf("registering the function %s: %w", f.name, err)
		}
	}
	return nil
}

// hashFunction is a function of DuckDB's of one argument. Null gives null without asking it.
type hashFunction struct {
	config duckdb.ScalarFuncConfig
	run    duckdb.RowExecutorFn
}

func (f hashFunction) Config() duckdb.ScalarFuncConfig { return f.config }

func (f hashFunction) Executor() duckdb.ScalarFuncExecutor {
	return duckdb.ScalarFuncExecutor{RowExecutor: f.run}
}

func hashed[T any](hash func(T) (uint32, error)) duckdb.RowExecutorFn {
	return func(values []driver.Value) (any, error) {
		v, ok := values[0].(T)
		if !ok {
			return nil, fmt.Errorf("hashing: the value is a %T", values[0])
		}
		h, err := hash(v)
		return int32(h & 0x7fffffff), err
	}
}
