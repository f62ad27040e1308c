package duckdb

import (
	"fmt"
	"slices"
	"strings"
)

// tableFunctions are those that only rearrange their arguments. All others read files, the network or the engine's own
// state, or run SQL that Parse doesn't see.
func tableFunctions() []string {
	return []string{"generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"}
}

// forbidden are scalar functions that change or reveal the engine's state, or bind SQL that Parse doesn't see.
func forbidden(name string) bool {
	switch name {
	case "setseed", "sleep_ms", "pg_sleep", "nextval", "currval", "write_log", "json_serialize_plan", "json_serialize_sql",
		"json_deserialize_sql", "json_execute_serialized_sql", "getenv", "getvariable", "current_setting":
		return true
	}
	return false
}

// volatile are functions that may give something else each time, but are no clock.
func volatile(name string) bool {
	switch name {
	case "random", "uuid", "uuidv4", "uuidv7", "gen_random_uuid", "stats",
		"current_query", "current_query_id", "current_connection_id", "current_transaction_id", "txid_current",
		"current_database", "current_catalog", "current_schema", "current_schemas", "in_search_path",
		"current_user", "session_user", "user", "current_role", "pg_postmaster_start_time", "pg_conf_load_time",
		"any_value", "arbitrary", "first", "last", "approx_count_distinct", "approx_quantile", "approx_top_k", "reservoir_quantile":
		return true
	}
	return false
}

// instants are functions that ask for the current time, with the type that they give.
func instant(name string) string {
	switch name {
	case "now", "current_timestamp", "get_current_timestamp", "transaction_timestamp":
		return "TIMESTAMPTZ"
	case "today", "current_date":
		return "DATE"
	case "current_localtimestamp", "localtimestamp":
		return "TIMESTAMP"
	case "current_localtime", "localtime":
		return "TIME"
	case "current_time", "get_current_time":
		return "TIMETZ"
	}
	return ""
}

func (w *walker) tableFunction(n node) {
	name := strings.ToLower(n.text("function_name"))
	if slices.Contains(tableFunctions(), name) {
		return
	}
	w.refuse(n.location(), fmt.Sprintf("The table function %s can't be used: SQL reads tables of the lakehouse and nothing else. To read files, declare a source and a bronze table that loads it.", name))
}

func (w *walker) function(n node) {
	name := strings.ToLower(n.text("function_name"))
	call := Call{Name: name, Offset: n.location()}
	children, _ := n["children"].([]any)
	switch {
	case forbidden(name):
		w.refuse(call.Offset, fmt.Sprintf("The function %s can't be used in a table's query, since it changes or reveals the engine's own state.", name))
	case name == "age" && len(children) == 1:
		w.query.Volatile = append(w.query.Volatile, call) // to today
	case instant(name) != "":
		w.instant(call, callLength(w.query.Text, call.Offset))
	case volatile(name):
		w.query.Volatile = append(w.query.Volatile, call)
	}
}

// column finds the names that SQL gives to the current time without brackets. A column of such a name is meant by its name in
// quotes only.
func (w *walker) column(n node) {
	parts, _ := n["column_names"].([]any)
	if len(parts) != 1 {
		return
	}
	name, _ := parts[0].(string)
	name = strings.ToLower(name)
	at := n.location()
	switch name {
	case "current_timestamp", "current_date", "current_time", "localtime", "localtimestamp":
		// In quotes it is a column.
		if at >= 0 && at < len(w.query.Text) && w.query.Text[at] != '"' {
			w.instant(Call{Name: name, Offset: at}, len(name))
		}
	case "current_user", "session_user", "current_role", "current_catalog", "current_schema", "user":
		if at >= 0 && at < len(w.query.Text) && w.query.Text[at] != '"' {
			w.query.Volatile = append(w.query.Volatile, Call{Name: name, Offset: at})
		}
	}
}

// instant keeps a call that can be replaced; one whose text isn't understood counts as volatile.
func (w *walker) instant(call Call, length int) {
	call.Length = length
	if length == 0 {
		w.query.Volatile = append(w.query.Volatile, call)
		return
	}
	w.query.Instants = append(w.query.Instants, call)
}

// callLength is the length of `name()` or `main.name()` at a byte of the query, 0 where that isn't what stands there.
func callLength(query string, offset int) int {
	if offset < 0 {
		return 0
	}
	state := 0 // 0: name, 1: dot or bracket, 2: closing bracket
	for at := offset; at < len(query); {
		end, kind := token(query, at)
		isName := kind == tokenWord || kind == tokenQuoted
		switch {
		case kind == tokenSpace:
		case state == 0 && isName:
			state = 1
		case state == 1 && query[at] == '.':
			state = 0
		case state == 1 && query[at] == '(':
			state = 2
		case state == 2 && query[at] == ')':
			return end - offset
		default:
			return 0
		}
		at = end
	}
	return 0
}
