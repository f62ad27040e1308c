package bsonvalue

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/providers/textvalue"
)

// Appender appends documents to the builders of columns. It serves one goroutine.
type Appender struct {
	root  *layout
	other func(name []byte)
	err   error
}

// NewAppender is for the given columns. Fields of documents that have no column are told to other, which may be nil.
func NewAppender(columns coltype.Schema, other func(name []byte)) *Appender {
	a := &Appender{root: &layout{}, other: other}
	if other == nil {
		a.other = func([]byte) {}
	}
	a.root.open(columns)
	return a
}

// Append appends one value to each builder, and returns the reason where the document is no row of these columns. The
// builders stay aligned even then, so that a row can be refused after the fact.
func (a *Appender) Append(builders []array.Builder, document []byte) error {
	a.err = nil
	if err := a.root.spread(document, a.unplaced); err != nil {
		a.err = err
		clear(a.root.values)
	}
	for i, field := range a.root.fields {
		a.value(builders[i], a.root.values[i], field)
	}
	return a.err
}

// Row is the values of the document that was appended last, by column; they share the document's bytes.
func (a *Appender) Row() []Value { return a.root.values }

func (a *Appender) unplaced(name []byte) error {
	if !utf8.Valid(name) {
		return errNameNotUTF8
	}
	a.other(name)
	return nil
}

func (a *Appender) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

func (a *Appender) value(builder array.Builder, v Value, l *layout) {
	if v.IsNull() {
		builder.AppendNull()
		return
	}
	if ok := a.typed(builder, v, l); !ok {
		builder.AppendNull()
		a.fail(misfit(v, l))
	}
}

// typed appends a value, or nothing where it doesn't fit.
func (a *Appender) typed(builder array.Builder, v Value, l *layout) bool {
	switch b := builder.(type) {
	case *array.StringBuilder:
		return a.text(b, v, l)
	case *array.StructBuilder:
		return v.Type == Document && a.object(b, v, l)
	case *array.ListBuilder:
		return v.Type == Array && a.list(b, v, l)
	case *array.MapBuilder:
		return v.Type == Document && a.mapping(b, v, l)
	}
	return scalar(builder, v, l.kind)
}

func (a *Appender) text(b *array.StringBuilder, v Value, l *layout) bool {
	text, err := v.Text()
	if err != nil {
		b.AppendNull()
		a.fail(fmt.Errorf("column %s: %w", textvalue.QuoteName(l.path), err))
		return true
	}
	b.BinaryBuilder.Append(text)
	return true
}

// object appends null for an object that can't be read, and says why.
func (a *Appender) object(b *array.StructBuilder, v Value, l *layout) bool {
	if err := l.spread(v.Data, ignore); err != nil {
		b.AppendNull()
		a.fail(fmt.Errorf("column %s: %w", textvalue.QuoteName(l.path), err))
		return true
	}
	b.Append(true)
	for i, field := range l.fields {
		a.value(b.FieldBuilder(i), l.values[i], field)
	}
	return true
}

func ignore(name []byte) error {
	if !utf8.Valid(name) {
		return errNameNotUTF8
	}
	return nil
}

func (a *Appender) list(b *array.ListBuilder, v Value, l *layout) bool {
	b.Append(true)
	elements := Open(v.Data)
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		a.value(b.ValueBuilder(), element.Value, l.elem)
	}
	if err := elements.Err(); err != nil {
		a.fail(err)
	}
	return true
}

func (a *Appender) mapping(b *array.MapBuilder, v Value, l *layout) bool {
	b.Append(true)
	elements := Open(v.Data)
	seen := map[string]bool{}
	for element, ok := elements.Next(); ok; element, ok = elements.Next() {
		if seen[string(element.Name)] {
			a.fail(&duplicate{string(element.Name)})
		}
		seen[string(element.Name)] = true
		a.key(b.KeyBuilder(), element.Name, l.key)
		a.value(b.ItemBuilder(), element.Value, l.elem)
	}
	if err := elements.Err(); err != nil {
		a.fail(err)
	}
	return true
}

func (a *Appender) key(builder array.Builder, name []byte, l *layout) {
	if !utf8.Valid(name) {
		a.fail(errNameNotUTF8)
		name = nil
	}
	if b, ok := builder.(*array.StringBuilder); ok {
		b.BinaryBuilder.Append(name)
		return
	}
	if !textvalue.Append(builder, name, l.kind) {
		builder.AppendEmptyValue()
		a.fail(errors.New(textvalue.Reason(l.path, name, l.kind)))
	}
}

// misfit says why a value is none of the type.
func misfit(v Value, l *layout) error {
	switch {
	case v.Type == String || v.Type == Symbol:
		return errors.New(textvalue.Reason(l.path, v.text(), l.kind))
	case v.isNumber():
		return errors.New(textvalue.Reason(l.path, v.number(), l.kind))
	case v.Type == DateTime && l.kind.Kind == coltype.Date:
		return errors.New(textvalue.NoValue(l.path, []byte(v.Shown()), l.kind) + ": it has a time of day")
	case v.Type == DateTime:
		return errors.New(textvalue.NoValue(l.path, []byte(v.Shown()), l.kind) + rangeHint(v.long()))
	}
	return errors.New(textvalue.NoValue(l.path, []byte(v.Shown()), l.kind))
}
