package coltype

import (
	"fmt"
	"strconv"
	"strings"
	"text/scanner"
	"unicode"
)

// MaxDepth is how deep types may nest. Iceberg sets no limit; this one keeps a hostile input from exhausting the stack.
const MaxDepth = 64

// MaxPrecision is the most digits a decimal can have.
const MaxPrecision = 38

// Parse reads a type in the language's spelling.
func Parse(text string) (Type, error) {
	p := &parser{}
	p.s.Init(strings.NewReader(text))
	p.s.Mode = scanner.ScanIdents | scanner.ScanInts | scanner.ScanStrings
	p.s.IsIdentRune = func(r rune, i int) bool { return identifierRune(r, i == 0) }
	p.s.Error = func(_ *scanner.Scanner, msg string) { p.fail("%s", msg) }
	p.next()
	t := p.typ(0)
	if p.tok != scanner.EOF {
		p.fail("unexpected %q after the type", p.s.TokenText())
	}
	if p.err != nil {
		return Type{}, fmt.Errorf("%q is not a column type: %w", text, p.err)
	}
	return t, nil
}

func identifierRune(r rune, first bool) bool {
	return r == '_' || unicode.IsLetter(r) || (!first && (r == '-' || unicode.IsDigit(r)))
}

// parser keeps the first mistake; after it, tokens read as the end of the text.
type parser struct {
	s   scanner.Scanner
	tok rune
	err error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.tok = scanner.EOF
}

func (p *parser) next() {
	if p.err != nil {
		return
	}
	p.tok = p.s.Scan()
	if p.err != nil {
		p.tok = scanner.EOF
	}
}

func (p *parser) expect(tok rune) {
	if p.tok != tok {
		p.fail("expected %q, found %s", string(tok), p.found())
		return
	}
	p.next()
}

func (p *parser) found() string {
	if p.tok == scanner.EOF {
		return "the end"
	}
	return strconv.Quote(p.s.TokenText())
}

func (p *parser) typ(depth int) Type {
	if depth > MaxDepth {
		p.fail("types nest at most %d deep", MaxDepth)
	}
	if p.tok != scanner.Ident {
		p.fail("expected the name of a type, found %s", p.found())
		return Type{}
	}
	name := p.s.TokenText()
	kind, ok := KindOf(name)
	if !ok || kind == Unknown {
		p.fail("there is no type %q; the types are %s", name, strings.Join(Names(), ", "))
		return Type{}
	}
	p.next()
	return p.arguments(kind, depth)
}

func (p *parser) arguments(kind Kind, depth int) Type {
	switch kind {
	case Decimal:
		return p.decimal()
	case List:
		p.expect('(')
		elem := p.typ(depth + 1)
		p.expect(')')
		return ListOf(elem)
	case Map:
		return p.mapping(depth)
	case Struct:
		return p.object(depth)
	default:
		return Of(kind)
	}
}

func (p *parser) decimal() Type {
	p.expect('(')
	precision := p.number()
	p.expect(',')
	scale := p.number()
	p.expect(')')
	if p.err == nil && (precision < 1 || precision > MaxPrecision || scale > precision) {
		p.fail("decimal(precision, scale) takes a precision from 1 to %d and a scale from 0 to the precision", MaxPrecision)
	}
	return DecimalOf(precision, scale)
}

func (p *parser) number() int {
	if p.tok != scanner.Int {
		p.fail("expected a whole number, found %s", p.found())
		return 0
	}
	n, err := strconv.Atoi(p.s.TokenText())
	if err != nil {
		p.fail("%s is not a whole number in range", p.s.TokenText())
	}
	p.next()
	return n
}

func (p *parser) mapping(depth int) Type {
	p.expect('(')
	key := p.typ(depth + 1)
	p.expect(',')
	value := p.typ(depth + 1)
	p.expect(')')
	return MapOf(key, value)
}

func (p *parser) object(depth int) Type {
	p.expect('(')
	p.expect('{')
	fields := []Field{}
	seen := map[string]bool{}
	for p.err == nil && p.tok != '}' {
		f := p.field(depth)
		if seen[f.Name] {
			p.fail("the field %q is there twice", f.Name)
		}
		seen[f.Name] = true
		fields = append(fields, f)
		if p.tok != ',' {
			break
		}
		p.next()
	}
	p.expect('}')
	p.expect(')')
	return StructOf(fields...)
}

func (p *parser) field(depth int) Field {
	name := p.name()
	p.expect('=')
	return Field{Name: name, Type: p.typ(depth + 1)}
}

func (p *parser) name() string {
	name := p.s.TokenText()
	switch p.tok {
	case scanner.Ident:
	case scanner.String:
		unquoted, err := strconv.Unquote(name)
		if err != nil {
			p.fail("%s is not a quoted name", name)
		}
		name = unquoted
	default:
		p.fail("expected the name of a field, found %s", p.found())
	}
	p.next()
	return name
}
