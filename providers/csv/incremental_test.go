package csv_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/csv"
	"github.com/automic-etl/etl/providers/outputtest"
)

// project is a folder with a source, and what the host would have recorded of it.
type project struct {
	t       *testing.T
	dir     string
	cache   string
	mode    string
	cursor  []byte
	columns coltype.Schema
}

func newProject(t *testing.T, mode string) *project {
	return &project{t: t, dir: t.TempDir(), cache: t.TempDir(), mode: mode}
}

func (p *project) write(name, content string) {
	p.t.Helper()
	outputtest.Write(p.t, p.dir, name, content)
	// Old enough to be trusted by its time alone.
	p.touch(name, time.Now().Add(-time.Hour))
}

func (p *project) touch(name string, at time.Time) {
	p.t.Helper()
	if err := os.Chtimes(filepath.Join(p.dir, name), at, at); err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) config() sdk.Config {
	cfg := outputtest.Source(p.dir, attrs{"path": cty.StringVal("data/*.csv")})
	cfg.Mode = p.mode
	return cfg
}

func (p *project) plan() (*sdk.PlanResponse, sdk.Diagnostics) {
	p.t.Helper()
	request := sdk.PlanRequest{Columns: p.columns, CacheDir: p.cache}
	if p.cursor != nil {
		request.Cursor = map[string][]byte{"": p.cursor}
	}
	plan, diags := csv.New().Plan(context.Background(), p.config(), request)
	if diags.HasErrors() {
		p.t.Fatalf("planning: %v", diags)
	}
	return plan, diags
}

func (p *project) apply(plan *sdk.PlanResponse) *outputtest.Recorder {
	p.t.Helper()
	got, err := outputtest.Read(p.t, csv.New(), p.config(), plan, p.cursor, true)
	if err != nil {
		p.t.Fatalf("reading: %v", err)
	}
	p.cursor, p.columns = got.Cursor, plan.Columns
	return got
}

func TestIncremental(t *testing.T) {
	p := newProject(t, "incremental")
	p.write("data/a.csv", "n\n1\n2\n")
	p.write("data/b.csv", "n\n3\n")
	plan, _ := p.plan()
	if plan.Position != "2 new files: data/a.csv, data/b.csv" || !plan.Changed || plan.Rows != 3 {
		t.Errorf("first plan: %+v", plan)
	}
	p.write("data/c.csv", "n\n4\n") // after the plan: not read by it
	if got := p.apply(plan); len(got.Rows) != 3 {
		t.Errorf("first apply reads %d rows", len(got.Rows))
	}
	plan, _ = p.plan()
	if plan.Position != "1 new file: data/c.csv" || !plan.Changed || !plan.Resumable {
		t.Errorf("second plan: %+v", plan)
	}
	if got := p.apply(plan); shown(got) != "1 4\n" || got.Rows[0].Source != "data/c.csv" {
		t.Errorf("second apply reads %s", shown(got))
	}
	if plan, diags := p.plan(); plan.Changed || len(diags) > 0 || plan.Position != "no new files" {
		t.Errorf("third plan: %+v, %v", plan, diags)
	}
}

func TestIncrementalReportsWhatMoved(t *testing.T) {
	p := newProject(t, "incremental")
	for _, name := range []string{"touched", "changed", "vanished", "renamed"} {
		p.write("data/"+name+".csv", "n\n"+fmt.Sprint(len(name))+"\n")
	}
	plan, _ := p.plan()
	p.apply(plan)

	p.touch("data/touched.csv", time.Now().Add(-time.Minute))
	p.write("data/changed.csv", "n\n99\n98\n")
	if err := os.Remove(filepath.Join(p.dir, "data/vanished.csv")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(p.dir, "data/renamed.csv"), filepath.Join(p.dir, "data/else.csv")); err != nil {
		t.Fatal(err)
	}
	plan, diags := p.plan()
	if plan.Position != "1 new file: data/else.csv" {
		t.Errorf("position %q", plan.Position)
	}
	for _, want := range []string{"1 file: data/changed.csv.", "data/renamed.csv, data/vanished.csv", "data/else.csv (was data/renamed.csv)"} {
		if !strings.Contains(diags.Error(), want) {
			t.Errorf("no %q in %v", want, diags)
		}
	}
	if strings.Contains(diags.Error(), "touched") {
		t.Errorf("a touched file is reported: %v", diags)
	}
}

func TestBatchFingerprint(t *testing.T) {
	p := newProject(t, "batch")
	p.write("data/a.csv", "n\n1\n")
	first, _ := p.plan()
	p.apply(first)
	p.touch("data/a.csv", time.Now().Add(-time.Minute))
	if plan, _ := p.plan(); plan.Changed || plan.Fingerprint != first.Fingerprint {
		t.Error("touching a file changes the fingerprint")
	}
	p.write("data/b.csv", "n\n2.5\n")
	plan, diags := p.plan()
	if !plan.Changed || plan.Fingerprint == first.Fingerprint {
		t.Error("a new file doesn't change the fingerprint")
	}
	if !strings.Contains(diags.Error(), "Values of another type") {
		t.Errorf("a double in a long goes unreported: %v", diags)
	}
	if got := p.apply(plan); shown(got) != "1 1\n! line 2 \"2.5\" column \"n\": \"2.5\" is not a valid long: it is not a whole number\n" {
		t.Errorf("got %s", shown(got))
	}
}

func TestFilesMustBeThosePlanned(t *testing.T) {
	for _, test := range []struct {
		name string
		move func(p *project)
		want string
	}{
		{"changed", func(p *project) { p.write("data/a.csv", "n\n7\n8\n") }, "File changed since the plan"},
		{"changed, same size", func(p *project) { p.write("data/a.csv", "n\n7\n"); p.touch("data/a.csv", time.Now()) }, "File changed since the plan"},
		{"vanished", func(p *project) { _ = os.Remove(filepath.Join(p.dir, "data/a.csv")) }, "File vanished since the plan"},
		{"touched", func(p *project) { p.touch("data/a.csv", time.Now()) }, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newProject(t, "incremental")
			p.write("data/a.csv", "n\n1\n")
			plan, _ := p.plan()
			test.move(p)
			_, err := outputtest.Read(t, csv.New(), p.config(), plan, nil, true)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestCheckpoints resumes from a checkpoint in the middle: no file is read twice, none is left out.
func TestCheckpoints(t *testing.T) {
	p := newProject(t, "incremental")
	for i := range 6 {
		p.write(fmt.Sprintf("data/%d.csv", i), fmt.Sprintf("n\n%d\n", i))
	}
	plan, _ := p.plan()
	request := sdk.ReadRequest{Columns: outputtest.WithIDs(plan.Columns), Until: plan.Until, Staging: outputtest.Staging(t)}
	request.Staging.TargetBytes = 1 // each file is worth a checkpoint
	first := &dying{Recorder: outputtest.NewRecorder(t, request.Columns), after: 3}
	if err := csv.New().Read(context.Background(), p.config(), request, first); err == nil {
		t.Fatal("the read outlived its host")
	}
	p.cursor, p.columns = first.Cursor, plan.Columns
	plan, _ = p.plan()
	rest := p.apply(plan)
	if len(first.Rows)+len(rest.Rows) != 6 || rest.Rows[0].Values[0] != int64(len(first.Rows)) {
		t.Errorf("%d rows before, %d after: %v", len(first.Rows), len(rest.Rows), rest.Rows)
	}
}

// dying is a host that is gone after some checkpoints.
type dying struct {
	*outputtest.Recorder
	after int
}

func (d *dying) Checkpoint(ctx context.Context, partition string, cursor []byte) error {
	if d.after--; d.after < 0 {
		return context.Canceled
	}
	return d.Recorder.Checkpoint(ctx, partition, cursor)
}

func (d *dying) File(ctx context.Context, f sdk.File) error {
	if d.after == 0 {
		return context.Canceled
	}
	return d.Recorder.File(ctx, f)
}

// TestBatchBeginsAnew reads everything whatever cursor is given, since a batch replaces the table; and what a batch
// recorded is nothing that an incremental read could go on from.
func TestBatchBeginsAnew(t *testing.T) {
	p := newProject(t, "batch")
	p.write("data/a.csv", "n\n1\n2\n")
	plan, _ := p.plan()
	p.apply(plan)
	if got := p.apply(plan); len(got.Rows) != 2 {
		t.Errorf("the second read has %d rows", len(got.Rows))
	}
	p.mode = "incremental"
	if plan, _ := p.plan(); plan.Resumable {
		t.Error("an incremental read goes on from a batch")
	}
}

// A file with a wholly other header is read, and said to be odd: before, and only then.
func TestFilesWithOtherColumns(t *testing.T) {
	for _, mode := range []string{"incremental", "batch"} {
		p := newProject(t, mode)
		p.write("data/a.csv", "id,amount\n1,2\n")
		plan, diags := p.plan()
		if len(diags) > 0 {
			t.Errorf("%s: the first plan says %v", mode, diags)
		}
		p.apply(plan)
		p.write("data/more.csv", "id,note\n2,x\n") // shares a column
		p.write("data/z.csv", "name,email,a,b,c,d,e\nx,y,1,2,3,4,5\n")
		plan, diags = p.plan()
		want := `The file data/z.csv has the columns "name", "email", "a", "b", "c", "d" and 1 more, and none of those that were read so far: "id", "amount".`
		if len(diags) != 1 || diags[0].Summary != "File with other columns" || !strings.HasPrefix(diags[0].Detail, want) || diags.HasErrors() {
			t.Errorf("%s: the plan says %v", mode, diags)
		}
		p.apply(plan)
		if _, diags = p.plan(); len(diags) > 0 {
			t.Errorf("%s: after it was read the plan says %v", mode, diags)
		}
		for i := range 5 {
			p.write(fmt.Sprintf("data/odd%d.csv", i), fmt.Sprintf("odd%d\n1\n", i))
		}
		if _, diags = p.plan(); len(diags) != 4 || !strings.HasPrefix(diags[3].Detail, "2 more of the source's files") {
			t.Errorf("%s: many such files: %v", mode, diags)
		}
	}
}
