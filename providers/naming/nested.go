package naming

import (
	"fmt"
	"strings"

	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// maxFields is how many keys an object may have before it is a map in disguise.
const maxFields = 5000

// Unaddressable says which keys of rows without a fixed schema no engine could address, and what to do; empty where
// there are none. Source is what holds the rows: "the files".
func Unaddressable(columns []coltype.Field, source string) string {
	return unaddressable(columns, "", source)
}

func unaddressable(fields []coltype.Field, path, source string) string {
	where := "the rows have"
	if path != "" {
		where = fmt.Sprintf("the objects in %q have", path)
	}
	if len(fields) > maxFields {
		return fmt.Sprintf("%s more than %d different keys. If keys are data, declare the column's type as map(string, …)", where, maxFields)
	}
	lower := make(map[string]string, len(fields))
	for _, f := range fields {
		if f.Name == "" {
			return where + " a key without a name. Rename it in " + source + ", or declare the column that holds it as string"
		}
		if other, there := lower[strings.ToLower(f.Name)]; there && path != "" {
			return fmt.Sprintf("%s the keys %q and %q, which SQL can't tell apart. Declare the column's type as string or "+
				"map(string, …)", where, other, f.Name)
		}
		lower[strings.ToLower(f.Name)] = f.Name
		if problem := inside(f.Type, strings.TrimPrefix(path+"."+f.Name, "."), source); problem != "" {
			return problem
		}
	}
	return ""
}

func inside(t coltype.Type, path, source string) string {
	switch t.Kind {
	case coltype.Struct:
		return unaddressable(t.Fields, path, source)
	case coltype.List:
		return inside(t.Elem.Type, path, source)
	}
	return ""
}
