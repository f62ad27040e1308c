package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

// preconditions are what following needs of the server and the table. All that is missing is said at once.
func (s *server) preconditions(ctx context.Context, r *relation) sdk.Diagnostics {
	diags := s.checkTable(r)
	for _, want := range s.wantedVariables() {
		value, err := s.variable(ctx, want.name)
		if err != nil {
			return s.explain(ctx, err, "looking at the server's settings")
		}
		if !strings.EqualFold(value, want.value) {
			diags = append(diags, problem("Binary log not ready", fmt.Sprintf("Following changes needs %s = %s at the server, where it is %q. %s: %s.", want.name,
				named(want.value), value, want.why, want.set), "extract")...)
		}
	}
	if diags.HasErrors() {
		return diags
	}
	return s.checkGrants(ctx, r)
}

func named(value string) string {
	if value == "" {
		return "''"
	}
	return value
}

type wanted struct{ name, value, why, set string }

func (s *server) wantedVariables() []wanted {
	all := []wanted{
		{"log_bin", "ON", "Without it the server keeps no changes", "write log_bin in the server's configuration and restart it"},
		{"binlog_format", "ROW", "Else it logs statements, whose effect only the server knows", s.setting("binlog_format", "ROW")},
		{"binlog_row_image", "FULL", "Else it leaves columns out", s.setting("binlog_row_image", "FULL")},
		{"binlog_row_metadata", "FULL", "Else it logs no names of columns", s.setting("binlog_row_metadata", "FULL")},
	}
	if !s.maria {
		all = append(all, wanted{"gtid_mode", "ON", "Without it transactions have no names to go on from, and files and offsets hold for one server only",
			"enable it step by step (OFF_PERMISSIVE, ON_PERMISSIVE, ON) with enforce_gtid_consistency = ON"},
			wanted{"binlog_row_value_options", "", "Else it logs JSON by differences", "SET PERSIST binlog_row_value_options = ''"})
	}
	return all
}

func (s *server) checkTable(r *relation) sdk.Diagnostics {
	switch {
	case r.engine == "":
		return problem("Changes of a view", fmt.Sprintf("%s is a view, and the binary log has changes of tables. Follow the tables, or read the view with extract \"batch\".", r.source), "table")
	case !strings.EqualFold(r.engine, "InnoDB"):
		return problem("Table without transactions", fmt.Sprintf("%s is stored by %s, which has no snapshot that changes could follow: ALTER TABLE %s ENGINE = InnoDB.", r.source, r.engine, r.from), "table")
	}
	if r.history {
		return problem("Table with a history", fmt.Sprintf("%s is WITH SYSTEM VERSIONING: what rows were stays in the table, and its binary log tells a deletion as an update, and "+
			"what a row was as an insertion. Read it with extract \"batch\" or \"incremental\", which see its current rows, or have the server keep no history: "+
			"ALTER TABLE %s DROP SYSTEM VERSIONING.", r.source, r.from), "table")
	}
	for _, c := range r.all {
		if strings.Contains(c.declared, "compressed") {
			return problem("Compressed column", fmt.Sprintf("The column %q of %s is COMPRESSED, and the binary log has it in a form that can't be read. Use the compression of the "+
				"table's pages instead.", c.name, r.source), "table")
		}
	}
	return nil
}

// checkGrants looks for the right to hold writers off while a snapshot begins. Roles are taken to have what they need:
// the snapshot finds out. MariaDB needs no lock for that.
func (s *server) checkGrants(ctx context.Context, r *relation) sdk.Diagnostics {
	if s.maria {
		return nil
	}
	grants, err := s.strings(ctx, "SHOW GRANTS")
	if err != nil {
		return s.explain(ctx, err, "looking at the user's privileges")
	}
	for _, grant := range grants {
		if !strings.Contains(grant, " ON ") || allows(grant, "LOCK TABLES", r.database) {
			return nil
		}
	}
	return s.lockMissing(r)
}

func (s *server) lockMissing(r *relation) sdk.Diagnostics {
	return problem("Privilege missing", fmt.Sprintf("The user %q may not lock tables of %s, which a snapshot needs for a moment, so that changes follow it without a gap. A user who may "+
		"grant lets it: GRANT LOCK TABLES ON %s.* TO '%s'@'%%'.", s.options.connection.user, r.database, quote(r.database), s.options.connection.user), "connection")
}

var grantPattern = regexp.MustCompile("^GRANT (.*) ON (\\*|`(?:[^`]|``)*`|[^ .]*)\\.(\\*|.*) TO ")

// allows reads a line of SHOW GRANTS. In a pattern of databases, % and _ are wildcards.
func allows(grant, privilege, database string) bool {
	found := grantPattern.FindStringSubmatch(grant)
	if found == nil || found[3] != "*" {
		return false
	}
	privileges := ", " + found[1] + ","
	if !strings.Contains(privileges, ", ALL PRIVILEGES,") && !strings.Contains(privileges, ", "+privilege+",") {
		return false
	}
	return found[2] == "*" || like(strings.ReplaceAll(strings.Trim(found[2], "`"), "``", "`"), database)
}

// like is the server's LIKE.
func like(pattern, text string) bool {
	var expression strings.Builder
	expression.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			expression.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case c == '%':
			expression.WriteString(".*")
		case c == '_':
			expression.WriteString(".")
		default:
			expression.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	matched, err := regexp.MatchString(expression.String()+"$", text)
	return err == nil && matched
}

// firstTexts are the first values of all rows.
func firstTexts(rows *sql.Rows) (texts []string, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, text := make([]any, len(names)), ""
	for i := range values {
		values[i] = new(any)
	}
	values[0] = &text
	for rows.Next() {
		if err := rows.Scan(values...); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, rows.Err()
}
