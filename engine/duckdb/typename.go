package duckdb

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// TypeError says that a type of DuckDB's has no counterpart in a table.
type TypeError struct {
	Type string // as DuckDB spells it
	Hint string // what to do about it
}

func (e *TypeError) Error() string {
	return fmt.Sprintf("a column of type %s can't be stored in a table; %s", e.Type, e.Hint)
}

// FromDuckDB reads DuckDB's spelling of a type. Types that tables lack become the narrowest one that holds all their values;
// those for which there is none give a *TypeError.
func FromDuckDB(name string) (coltype.Type, error) {
	p := typeParser{text: name}
	t, err := p.parse()
	if err == nil && p.skipSpace() < len(p.text) {
		err = p.malformed()
	}
	return t, err
}

// typeParser reads what DESCRIBE prints: NAME, NAME(args), T[], T[n], STRUCT("a b" T, …), MAP(K, V), ENUM('a', …).
type typeParser struct {
	text string
	at   int
}

func (p *typeParser) malformed() error {
	return fmt.Errorf("reading the type %q of DuckDB: unexpected text at byte %d", p.text, p.at)
}

func (p *typeParser) skipSpace() int {
	for p.at < len(p.text) && p.text[p.at] == ' ' {
		p.at++
	}
	return p.at
}

func (p *typeParser) take(c byte) bool {
	if p.skipSpace() < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *typeParser) parse() (coltype.Type, error) {
	t, err := p.base()
	if err != nil {
		return t, err
	}
	for p.take('[') {
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++ // a fixed length: stored as a list
		}
		if !p.take(']') {
			return t, p.malformed()
		}
		t = coltype.Type{Kind: coltype.List, Elem: &coltype.Field{Name: "element", Type: t}}
	}
	return t, nil
}

func (p *typeParser) base() (coltype.Type, error) {
	name := p.word()
	switch name {
	case "STRUCT":
		fields, err := p.fields()
		return coltype.Type{Kind: coltype.Struct, Fields: fields}, err
	case "MAP":
		return p.mapType()
	case "DECIMAL":
		return p.decimal()
	case "ENUM":
		return coltype.Type{Kind: coltype.String}, p.skipArguments()
	case "UNION", "VARIANT", "GEOMETRY":
		return coltype.Type{}, &TypeError{Type: p.text, Hint: "cast it to the type that you need."}
	case `"NULL"`, "NULL":
		return coltype.Type{}, nil
	}
	return scalarType(name)
}

// word is the type's name: words up to a bracket, a comma or the end, or a quoted name.
func (p *typeParser) word() string {
	start := p.skipSpace()
	if p.at < len(p.text) && p.text[p.at] == '"' {
		_, _ = p.quoted('"')
		return p.text[start:p.at]
	}
	for p.at < len(p.text) && !strings.ContainsRune("()[],", rune(p.text[p.at])) {
		p.at++
	}
	return strings.ToUpper(strings.TrimSpace(p.text[start:p.at]))
}

// quoted reads a quoted name or string, with doubled quotes in it.
func (p *typeParser) quoted(quote byte) (string, error) {
	if !p.take(quote) {
		return "", p.malformed()
	}
	var b strings.Builder
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		if c != quote {
			b.WriteByte(c)
			continue
		}
		if p.at >= len(p.text) || p.text[p.at] != quote {
			return b.String(), nil
		}
		b.WriteByte(quote)
		p.at++
	}
	return "", p.malformed()
}

func (p *typeParser) fields() ([]coltype.Field, error) {
	if !p.take('(') {
		return nil, p.malformed()
	}
	fields := []coltype.Field{}
	for {
		name, err := p.fieldName()
		if err != nil {
			return nil, err
		}
		t, err := p.parse()
		if err != nil {
			return nil, err
		}
		fields = append(fields, coltype.Field{Name: name, Type: t})
		if p.take(',') {
			continue
		}
		if !p.take(')') {
			return nil, p.malformed()
		}
		return fields, nil
	}
}

func (p *typeParser) fieldName() (string, error) {
	start := p.skipSpace()
	if start < len(p.text) && p.text[start] == '"' {
		return p.quoted('"')
	}
	for p.at < len(p.text) && p.text[p.at] != ' ' {
		p.at++
	}
	if p.at == start {
		return "", p.malformed()
	}
	return p.text[start:p.at], nil
}

func (p *typeParser) mapType() (coltype.Type, error) {
	if !p.take('(') {
		return coltype.Type{}, p.malformed()
	}
	key, err := p.parse()
	if err != nil {
		return key, err
	}
	if !p.take(',') {
		return key, p.malformed()
	}
	value, err := p.parse()
	if err != nil {
		return value, err
	}
	if !p.take(')') {
		return value, p.malformed()
	}
	return coltype.Type{
		Kind: coltype.Map,
		Key:  &coltype.Field{Name: "key", Type: key, Required: true},
		Elem: &coltype.Field{Name: "value", Type: value},
	}, nil
}

func (p *typeParser) decimal() (coltype.Type, error) {
	open := p.at
	if err := p.skipArguments(); err != nil {
		return coltype.Type{}, err
	}
	precision, scale, ok := strings.Cut(strings.Trim(p.text[open:p.at], "( )"), ",")
	digits, err := strconv.Atoi(strings.TrimSpace(precision))
	after, scaleErr := strconv.Atoi(strings.TrimSpace(scale))
	if !ok || err != nil || scaleErr != nil {
		return coltype.Type{}, p.malformed()
	}
	return coltype.Type{Kind: coltype.Decimal, Precision: digits, Scale: after}, nil
}

// skipArguments goes past a bracketed list that may hold quoted strings.
func (p *typeParser) skipArguments() error {
	if !p.take('(') {
		return p.malformed()
	}
	for p.skipSpace() < len(p.text) {
		switch p.text[p.at] {
		case '\'':
			if _, err := p.quoted('\''); err != nil {
				return err
			}
		case ')':
			p.at++
			return nil
		default:
			p.at++
		}
	}
	return p.malformed()
}

func scalarType(name string) (coltype.Type, error) {
	switch name {
	case "UBIGINT":
		return coltype.Type{Kind: coltype.Decimal, Precision: 20}, nil
	case "HUGEINT", "UHUGEINT":
		return coltype.Type{Kind: coltype.Decimal, Precision: 38}, nil
	}
	kind := scalarKind(name)
	if kind == coltype.Unknown {
		return coltype.Type{}, &TypeError{Type: name, Hint: storageHint(name)}
	}
	return coltype.Type{Kind: kind}, nil
}

func scalarKind(name string) coltype.Kind {
	switch name {
	case "BOOLEAN":
		return coltype.Boolean
	case "TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT":
		return coltype.Int
	case "BIGINT", "UINTEGER":
		return coltype.Long
	case "FLOAT":
		return coltype.Float
	case "DOUBLE":
		return coltype.Double
	case "DATE":
		return coltype.Date
	case "TIME", "TIME_NS":
		return coltype.Time
	case "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return coltype.Timestamp
	case "TIMESTAMP WITH TIME ZONE":
		return coltype.Timestamptz
	case "VARCHAR", "JSON":
		return coltype.String
	case "UUID":
		return coltype.UUID
	case "BLOB":
		return coltype.Binary
	}
	return coltype.Unknown
}

func storageHint(name string) string {
	switch name {
	case "INTERVAL":
		return "store its seconds instead, with epoch(x), or the two instants that it lies between."
	case "TIME WITH TIME ZONE":
		return "cast it to TIME, or combine it with a date into TIMESTAMP WITH TIME ZONE."
	case "BIT":
		return "cast it to VARCHAR or BLOB."
	case "BIGNUM":
		return "cast it to DECIMAL(38, 0) or VARCHAR."
	}
	return "cast it to the type that you need."
}
