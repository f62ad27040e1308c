package mongodb

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/automic-etl/etl/test/crash/lab"
)

// rounds is how often an apply is disturbed.
const rounds = 50

const followed = `
table "bronze" "now" {
  from = source.mongodb.things
  write "merge" { key = [_id] }
}
table "silver" "now" {
  from = table.bronze.things
  write "merge" { key = [_id] }
}
`

// TestKilled follows a collection that is written to all the time, in a log and in merged tables, while etl or the
// provider is killed or connections are dropped, at random moments. In the end the tables are the collection, and the log
// has no position twice.
func TestKilled(t *testing.T) {
	db := newDatabase(t)
	c := db.Collection("things")
	const ids = 200
	for i := range ids {
		insert(t, c, bson.D{{Key: "_id", Value: i}, {Key: "n", Value: i}, {Key: "s", Value: "first"}})
	}
	p := newProxy(t, nil, nil)
	l := project(t, db, p.uri(), "things", `extract "delta" {}`, "")
	l.Write(t, map[string]string{"followed.etl.hcl": followed})
	w := startWriter(c, ids)
	began := time.Now()
	l.Must(t, 0, "apply", "-auto-approve")
	took := time.Since(began)
	seed := uint64(began.UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("ETL_CRASH_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("repeat with ETL_CRASH_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	done, failed := 0, 0
	for range rounds {
		w.allow(2000)
		run := l.Start(t, nil, "apply", "-auto-approve")
		time.Sleep(time.Duration(random.Int64N(int64(took))))
		switch random.IntN(3) {
		case 0:
			run.Signal(t, syscall.SIGKILL)
		case 1:
			killProvider(l, run)
		case 2:
			for range 3 {
				p.cut()
				time.Sleep(20 * time.Millisecond)
			}
		}
		if r := run.Wait(t); r.Code == 0 {
			done++
		} else {
			failed++
		}
		l.NoOrphans(t)
	}
	w.end(t)
	l.Must(t, 0, "apply", "-auto-approve")
	want := collected(t, c)
	for _, table := range []string{"bronze.now", "silver.now"} {
		if difference := lab.Difference(rowsOf(t, l, table), want); difference != "" {
			t.Errorf("%s is not the collection:\n%s", table, difference)
		}
	}
	if doubled := l.Must(t, 0, "query", "-format=csv", "SELECT count(*) - count(DISTINCT _etl_position) AS n FROM bronze.things"); doubled.Stdout != "n\n0\n" {
		t.Errorf("positions that are there twice: %s", doubled.Stdout)
	}
	t.Logf("%d writes; of %d applies %d ended well", w.writes.Load(), done+failed, done)
}

// killProvider kills the process that the host started, if there is one.
func killProvider(l *lab.Lab, host *lab.Run) {
	for _, p := range l.Processes() {
		if p.PID != host.PID() {
			_ = syscall.Kill(p.PID, syscall.SIGKILL)
		}
	}
}

// rowsOf are a table's rows as lines, sorted.
func rowsOf(t *testing.T, l *lab.Lab, name string) string {
	t.Helper()
	r := l.Must(t, 0, "query", "-format=csv", "SELECT _id, n, s FROM "+name)
	lines := strings.Split(strings.TrimSpace(r.Stdout), "\n")[1:]
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// collected is the collection, as rowsOf has a table.
func collected(t *testing.T, c *mongo.Collection) string {
	t.Helper()
	cursor, err := c.Find(context.Background(), bson.D{}, options.Find())
	if err != nil {
		t.Fatal(err)
	}
	var documents []struct {
		ID int    `bson:"_id"`
		N  int    `bson:"n"`
		S  string `bson:"s"`
	}
	if err := cursor.All(context.Background(), &documents); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range documents {
		lines = append(lines, fmt.Sprintf("%d,%d,%s", d.ID, d.N, d.S))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestPasswordIsNowhere looks for a password in all that etl prints and writes, while it lets etl in and when it doesn't
// any more.
func TestPasswordIsNowhere(t *testing.T) {
	db := newDatabase(t)
	insert(t, db.Collection("things"), bson.D{{Key: "_id", Value: 1}})
	const core = "c4n4ry8dae3Yq"
	refused := false
	p := newProxy(t, nil, func(command string, _ bson.Raw) bson.D {
		switch {
		case command != "saslStart":
			return nil
		case refused:
			return refusal(18, "AuthenticationFailed", "Authentication failed.")
		}
		return bson.D{{Key: "ok", Value: 1.0}, {Key: "conversationId", Value: int32(1)}, {Key: "done", Value: true}, {Key: "payload", Value: []byte{}}}
	})
	for _, mode := range []string{"", `extract "incremental" { cursor = _id }`, `extract "delta" {}`} {
		refused = false
		uri := fmt.Sprintf("mongodb://reader:p%%25%s%%3A@%s/?directConnection=true&authMechanism=PLAIN&authSource=$external", core, p.host())
		l := project(t, db, uri, "things", mode, "")
		run := func(code int, args ...string) {
			t.Helper()
			r := l.RunWith(t, []string{"ETL_LOG=debug"}, args...)
			r.Check(t, code, args...)
			if strings.Contains(r.Output(), core) {
				t.Errorf("etl %s tells:\n%s", strings.Join(args, " "), r.Output())
			}
		}
		run(0, "plan", "-format=json", "-out=shop.plan")
		run(0, "apply", "shop.plan")
		run(0, "discover", "mongodb", "connection.mongodb.main")
		refused = true
		run(1, "plan")
		run(1, "apply", "-auto-approve")
		run(1, "discover", "mongodb", "connection.mongodb.main")
		nowhere(t, l.Dir, []byte(core))
	}
}

// nowhere searches every byte of all files below a folder.
func nowhere(t *testing.T, dir string, text []byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, text) {
			t.Errorf("%s holds it", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
