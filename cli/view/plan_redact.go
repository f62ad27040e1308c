package view

import (
	"reflect"

	"github.com/automic-etl/etl/engine/plan"
)

// redacted is the plan without sensitive values. Plans refer to secrets and never hold them; but a source may say in
// words what it reads, and a secret may be part of that.
func redacted(p *plan.Plan, sensitive []string) *plan.Plan {
	hide := newRedactor(sensitive)
	if len(hide.values) == 0 {
		return p
	}
	shown := hide.copied(reflect.ValueOf(*p)).Interface().(plan.Plan)
	return &shown
}

// copied is a copy of a value in which no text is sensitive.
func (r redactor) copied(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.String:
		out.SetString(r.text(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			out.Field(i).Set(r.copied(v.Field(i)))
		}
	case reflect.Slice:
		if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 {
			return v
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(r.copied(v.Index(i)))
		}
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(r.copied(v.Elem()))
	default:
		return v
	}
	return out
}
