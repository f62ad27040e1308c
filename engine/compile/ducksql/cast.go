package ducksql

import (
	"github.com/automic-etl/etl/engine/dialect"
	"github.com/automic-etl/etl/plugins/schema/coltype"
)

// cast writes a conversion so that it doesn't depend on the session's time zone.
func cast(sql string, from, to coltype.Type, try bool) string {
	how := "CAST("
	if try {
		how = "TRY_CAST("
	}
	switch {
	case from.Kind == coltype.Timestamptz && to.Kind == coltype.String:
		return "(CAST(" + utc(sql) + " AS VARCHAR) || '+00')"
	case from.Kind == coltype.Timestamptz && to.Kind != coltype.Timestamptz:
		sql = utc(sql)
	case from.Kind == coltype.String && to.Kind == coltype.Binary:
		return "encode(" + sql + ")"
	case from.Kind == coltype.Binary && to.Kind == coltype.String && try:
		return "TRY(decode(" + sql + "))"
	case from.Kind == coltype.Binary && to.Kind == coltype.String:
		return "decode(" + sql + ")"
	case from.Kind == coltype.String && to.Kind.Nested():
		sql = how + sql + " AS JSON)"
	}
	return how + sql + " AS " + dialect.Type(to) + ")"
}
