package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/automic-etl/etl/test/services"
)

// background writes without an end, over connections of its own that it makes again when they are lost.
func (d *database) background(t *testing.T, table string) (stop func() int) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	var committed atomic.Int64
	go func() {
		defer close(done)
		random := rand.New(rand.NewPCG(1, 2))
		for ctx.Err() == nil {
			conn, err := pgconn.Connect(context.Background(), d.dsn("etl")+"&application_name=writer")
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			for ctx.Err() == nil {
				if _, err := conn.Exec(context.Background(), randomWrite(random, table)).ReadAll(); err != nil {
					var refused *pgconn.PgError
					if errors.As(err, &refused) && refused.Code[:2] != "57" {
						t.Errorf("writing: %v", err)
						cancel()
					}
					break
				}
				committed.Add(1)
				time.Sleep(pace)
			}
			_ = conn.Close(context.Background())
		}
	}()
	return func() int {
		cancel()
		<-done
		return int(committed.Load())
	}
}

// pace leaves a writer's readers some of the machine.
const pace = 10 * time.Millisecond

// randomWrite is a transaction of a table of id, n and big.
func randomWrite(random *rand.Rand, table string) string {
	id := random.IntN(5000)
	text := fmt.Sprintf(`BEGIN; INSERT INTO %[1]s VALUES (%[2]d, 1, repeat('b', %[3]d)) ON CONFLICT (id) DO UPDATE SET n = %[1]s.n + 1;
		UPDATE %[1]s SET n = n + 1 WHERE id BETWEEN %[4]d AND %[4]d + 20; DELETE FROM %[1]s WHERE id = %[5]d;
		UPDATE %[1]s SET id = id + 100000 WHERE id = %[6]d AND NOT EXISTS (SELECT FROM %[1]s o WHERE o.id = %[1]s.id + 100000); `,
		table, id, random.IntN(5000), random.IntN(5000), random.IntN(5000), random.IntN(5000))
	if random.IntN(8) == 0 {
		return text + "ROLLBACK"
	}
	return text + "COMMIT"
}

func (d *database) moving(t *testing.T) {
	d.exec(t, `CREATE TABLE busy (id int PRIMARY KEY, n int, big text); ALTER TABLE busy ALTER big SET STORAGE EXTERNAL;
		INSERT INTO busy SELECT i, i, repeat('a', i) FROM generate_series(1, 4000) i`)
}

// TestConnectionsLostOnTheWay ends the provider's connections again and again while it reads the table and its changes: the
// read goes on by itself, without a change lost or taken twice.
func TestConnectionsLostOnTheWay(t *testing.T) {
	d := newDatabase(t)
	d.moving(t)
	stop := d.background(t, "busy")
	l := newLakehouse(t, d.delta(t, "busy"))
	killed := 0
	batches := 0
	l.failing = func() error {
		if batches++; batches%3 != 0 || l.cursor == nil && killed == 3 || killed > 40 {
			return nil
		}
		killed++
		d.asAdmin(t, d.name, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'etl' AND datname = current_database()")
		return nil
	}
	for range 6 {
		l.apply()
		time.Sleep(200 * time.Millisecond)
	}
	if n := stop(); n == 0 || killed < 5 {
		t.Errorf("%d transactions were written, and connections were ended %d times", n, killed)
	}
	l.apply()
	l.equals()
}

// TestServerRestarts restarts the server while changes are read.
func TestServerRestarts(t *testing.T) {
	own, err := services.Start("postgres")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Close() })
	at, err := newAddress(own.Env)
	if err != nil {
		t.Fatal(err)
	}
	d := databaseAt(t, at)
	d.moving(t)
	l := newLakehouse(t, d.delta(t, "busy"))
	l.apply()
	stop := d.background(t, "busy")
	for round := range 4 {
		time.Sleep(300 * time.Millisecond)
		var restarted chan error
		l.failing = func() error { // beside the read: the server wants to send what it has before it ends
			if restarted == nil {
				restarted = make(chan error)
				go func() { restarted <- errors.Join(own.Stop(), own.Resume()) }()
				time.Sleep(100 * time.Millisecond)
			}
			return nil
		}
		l.load()
		if restarted == nil {
			t.Fatalf("round %d read no changes", round)
		}
		if err := <-restarted; err != nil {
			t.Fatal(err)
		}
		l.acknowledge()
	}
	if n := stop(); n == 0 {
		t.Error("nothing was written")
	}
	l.failing = nil
	l.apply()
	d.conn = connect(t, d.dsn("etl"))
	l.equals()
}
