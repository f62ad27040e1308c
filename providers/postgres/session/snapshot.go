package session

import "context"

// texts are the settings that decide how the server spells values. They hold for a transaction, so that a pooler between
// can't mix them up.
const texts = "SET LOCAL datestyle = 'ISO'; SET LOCAL intervalstyle = 'iso_8601'; SET LOCAL extra_float_digits = 3; " +
	"SET LOCAL bytea_output = 'hex'; SET LOCAL timezone = 'UTC'; SET LOCAL statement_timeout = 0; " +
	"SET LOCAL idle_in_transaction_session_timeout = 0"

// Begin starts a transaction that sees one state of the database and can't change it: the state now, or that of a
// snapshot that another connection exported and still holds.
func (c *Conn) Begin(ctx context.Context, snapshot string) error {
	sql := "BEGIN READ ONLY, ISOLATION LEVEL REPEATABLE READ; "
	if snapshot != "" {
		sql += "SET TRANSACTION SNAPSHOT " + Literal(snapshot) + "; "
	}
	return c.Exec(ctx, sql+texts)
}

// Export names the snapshot of the transaction that Begin started.
func (c *Conn) Export(ctx context.Context) (string, error) {
	return c.Value(ctx, "SELECT pg_catalog.pg_export_snapshot()")
}

// Rollback ends the transaction.
func (c *Conn) Rollback(ctx context.Context) error { return c.Exec(ctx, "ROLLBACK") }
