package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/postgres/column"
	"github.com/automic-etl/etl/providers/postgres/session"
)

// Types are the server's types by number.
type Types struct {
	known     map[uint32]*typeInfo
	unchecked bool
}

// typeInfo is a row of pg_type with what belongs to it.
type typeInfo struct {
	OID       uint32       `json:"oid"`
	Schema    string       `json:"schema"`
	Name      string       `json:"name"`
	Kind      string       `json:"kind"` // b, c, d, e, p, r, m
	Base      uint32       `json:"base"` // of a domain
	Typmod    int32        `json:"typmod"`
	Elem      uint32       `json:"elem"` // of an array
	Delimiter string       `json:"delimiter"`
	Fields    []fieldsInfo `json:"fields"`
}

type fieldsInfo struct {
	Name   string `json:"name"`
	Type   uint32 `json:"type"`
	Typmod int32  `json:"typmod"`
}

// typesSQL follows domains, elements and fields to all types that some types are made of.
const typesSQL = `
WITH RECURSIVE wanted(oid) AS (
  SELECT unnest($1::oid[])
  UNION
  SELECT part.oid FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid CROSS JOIN LATERAL (
    SELECT t.typbasetype AS oid WHERE t.typtype = 'd'
    UNION ALL SELECT e.oid FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid
    UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a
      WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) part
)
SELECT json_agg(json_build_object(
  'oid', t.oid::int8, 'schema', n.nspname, 'name', t.typname, 'kind', t.typtype, 'base', t.typbasetype::int8, 'typmod', t.typtypmod,
  'elem', coalesce((SELECT e.oid::int8 FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid), 0),
  'delimiter', coalesce((SELECT e.typdelim FROM pg_catalog.pg_type e WHERE e.oid = t.typelem), ','),
  'fields', (SELECT json_agg(json_build_object('name', a.attname, 'type', a.atttypid::int8, 'typmod', a.atttypmod) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)))
FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.oid JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace`

// LoadTypes asks for some types and all that they are made of.
func LoadTypes(ctx context.Context, c *session.Conn, oids []uint32) (*Types, error) {
	list := make([]string, len(oids))
	for i, oid := range oids {
		list[i] = fmt.Sprint(oid)
	}
	var found []*typeInfo
	if _, err := c.JSON(ctx, &found, typesSQL, "{"+strings.Join(list, ",")+"}"); err != nil {
		return nil, err
	}
	types := &Types{known: map[uint32]*typeInfo{}, unchecked: c.Unchecked()}
	for _, t := range found {
		types.known[t.OID] = t
	}
	return types, nil
}

// Shape is what values of a column look like. Columns declared with several dimensions are read as JSON.
func (t *Types) Shape(oid uint32, typmod int32, dims int) *column.Shape {
	return t.shape(oid, typmod, dims, 0)
}

// maxDepth bounds types that are made of themselves.
const maxDepth = 16

func (t *Types) shape(oid uint32, typmod int32, dims, depth int) *column.Shape {
	info := t.known[oid]
	text := &column.Shape{Natural: coltype.Of(coltype.String), Unchecked: t.unchecked}
	switch {
	case info == nil || depth > maxDepth:
		return text
	case info.Kind == "d":
		if info.Typmod >= 0 {
			typmod = info.Typmod
		}
		return t.shape(info.Base, typmod, dims, depth+1)
	case info.Kind == "e":
		text.Binary = true
		return text
	case info.Kind == "c":
		return t.composite(info, depth)
	case info.Elem != 0:
		return t.array(info, typmod, dims, depth)
	case info.Schema == "pg_catalog":
		if known, ok := builtIn(info.Name, typmod); ok {
			known.Base, known.Unchecked = info.Name, t.unchecked
			return &known
		}
		text.Base = info.Name
	case info.Name == "geometry" || info.Name == "geography":
		return &column.Shape{Kind: column.Geometry, Natural: coltype.Of(coltype.Binary), Binary: true}
	}
	return text
}

func (t *Types) composite(info *typeInfo, depth int) *column.Shape {
	s := &column.Shape{Kind: column.Composite, Binary: true, Unchecked: t.unchecked}
	var fields []coltype.Field
	for _, f := range info.Fields {
		shape := t.shape(f.Type, f.Typmod, 0, depth+1)
		s.Fields = append(s.Fields, column.Field{Name: f.Name, Shape: shape})
		s.Binary = s.Binary && shape.Binary
		fields = append(fields, coltype.Field{Name: f.Name, Type: shape.Natural})
	}
	s.Natural = coltype.StructOf(fields...)
	if len(fields) == 0 || depth >= maxDepth {
		s.Natural, s.Binary = coltype.Of(coltype.String), false
	}
	return s
}

func (t *Types) array(info *typeInfo, typmod int32, dims, depth int) *column.Shape {
	elem := t.shape(info.Elem, typmod, 0, depth+1)
	s := &column.Shape{Kind: column.Array, Elem: elem, Delimiter: ',', Unchecked: t.unchecked}
	if info.Delimiter != "" {
		s.Delimiter = info.Delimiter[0]
	}
	if dims > 1 {
		s.Natural = coltype.Of(coltype.String)
		return s
	}
	s.Natural, s.Binary = coltype.ListOf(elem.Natural), elem.Binary
	return s
}
