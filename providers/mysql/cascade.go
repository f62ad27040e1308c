package mysql

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

// cascade is the line of a foreign key in SHOW CREATE TABLE, which every reader of a table may ask for: what follows an action
// that changes rows of this table when those that they refer to change.
var cascade = regexp.MustCompile(`(?m)^ *CONSTRAINT (.+) FOREIGN KEY \(.* ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL|SET DEFAULT)`)

// unloggedRows warns of rows that the storage engine changes for a foreign key, below what writes the log.
func (s *server) unloggedRows(ctx context.Context, r *relation) (sdk.Diagnostics, error) {
	var name, definition string
	if err := s.db.QueryRowContext(ctx, "SHOW CREATE TABLE "+r.from).Scan(&name, &definition); err != nil {
		return nil, fmt.Errorf("looking at the foreign keys: %w", err)
	}
	var keys []string
	for _, found := range cascade.FindAllStringSubmatch(definition, -1) {
		keys = append(keys, found[1])
	}
	if len(keys) == 0 {
		return nil, nil
	}
	return warning("Changes that the log doesn't have", fmt.Sprintf("%s has foreign keys (%s) by which the server changes or deletes its rows when those that they refer to change: ON "+
		"DELETE or ON UPDATE with CASCADE or SET NULL. The server doesn't log these rows, so that they stay as they were. Let the application or a trigger do that in their place, take extract "+
		"\"incremental\" with detect_deletes, or begin anew from time to time: `etl apply -resnapshot`.", r.source, strings.Join(keys, ", ")), "table"), nil
}
