package postgres

import (
	"context"
	"testing"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/conformance"
	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/postgres"
)

// delta is a source that is followed. What it keeps at the server is dropped when the test ends.
func (d *database) delta(t *testing.T, table string) sdk.Config {
	t.Helper()
	cfg := d.source("delta", map[string]cty.Value{"table": text(table)})
	cfg.Address, cfg.Project = "source.postgres."+table, d.name
	t.Cleanup(func() {
		if diags := postgres.New().(sdk.Follower).Release(context.Background(), cfg); len(diags) > 0 {
			t.Errorf("releasing: %v", diags)
		}
	})
	return cfg
}

// TestFollowing examines a followed table: every kind of change, in transactions short and long.
func TestFollowing(t *testing.T) {
	d := newDatabase(t)
	d.exec(t, `CREATE TABLE log (id bigint PRIMARY KEY, n int, big text, s text, list int[]); ALTER TABLE log ALTER big SET STORAGE EXTERNAL;
		INSERT INTO log SELECT i, i, repeat('x', CASE WHEN i % 3 = 0 THEN 3000 END), 's' || i, ARRAY[i, NULL] FROM generate_series(1, 200) i`)
	cfg := d.delta(t, "log")
	write := func(_ context.Context, time int) error {
		first := 1000 * time
		d.exec(t, `BEGIN;
			INSERT INTO log SELECT %[1]d + i, i, repeat('y', 5000), NULL, '{}' FROM generate_series(1, 60) i;
			UPDATE log SET n = n + 1 WHERE id > %[1]d AND id <= %[1]d + 10;
			UPDATE log SET id = id + 500 WHERE id = %[1]d + 1;
			UPDATE log SET big = NULL, n = NULL WHERE id = %[1]d + 2;
			DELETE FROM log WHERE id BETWEEN %[1]d + 30 AND %[1]d + 35;
			COMMIT`, first)
		d.exec(t, "BEGIN; INSERT INTO log VALUES (-1); ROLLBACK; CREATE TABLE IF NOT EXISTS other (a int); INSERT INTO other VALUES (1)")
		if time%4 == 0 {
			d.exec(t, "BEGIN; TRUNCATE log; INSERT INTO log SELECT i, i FROM generate_series(1, 50) i; COMMIT")
		}
		return nil
	}
	examine(t, conformance.Subject{
		BatchSize: 20, Write: write, Config: func(*host.Client) sdk.Config { return cfg },
	}, conformance.FollowCases())
}
