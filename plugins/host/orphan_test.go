package host_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/automic-etl/etl/plugins/host"
	"github.com/automic-etl/etl/plugins/sdk"
)

// hostEnv makes this test binary a host that reads until it is killed.
const hostEnv = "ETL_TEST_HOST"

// beHost starts a provider in the state that mode names, and waits for its end.
func beHost(mode string) {
	executable, err := os.Executable()
	if err != nil {
		panic(err)
	}
	h := host.New(host.Options{Executable: executable, BuiltIn: []string{"numbers", "sleeping"}})
	if mode == "starting" {
		go func() {
			for len(processes()) == 0 {
				time.Sleep(10 * time.Millisecond)
			}
			fmt.Println("ready")
		}()
		_, err := h.Source(context.Background(), "sleeping")
		panic(err)
	}
	c, err := h.Source(context.Background(), "numbers")
	if err != nil {
		panic(err)
	}
	cfg := config(c, rows(1000).narrow().fault(mode, 10))
	streams, _, err := c.Discover(context.Background(), cfg)
	if err != nil {
		panic(err)
	}
	s := sink{batch: func(context.Context, host.Origin, arrow.RecordBatch) error {
		time.AfterFunc(500*time.Millisecond, func() { fmt.Println("ready") })
		return nil
	}}
	panic(c.Read(context.Background(), cfg, sdk.ReadRequest{Columns: streams[0].Columns, BatchSize: 10}, &s))
}

// However the host ends and whatever the provider is doing, nothing is left after five seconds.
func TestKilledHostLeavesNoOrphans(t *testing.T) {
	for _, c := range []struct {
		name, mode string
		processes  int
	}{
		{"waiting", "wait", 1},
		{"busy, with a child", "hang", 2},
		{"not ready yet", "starting", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			base, err := os.MkdirTemp("/tmp", "etl-test")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(base)
			killed, pids := startHost(t, c.mode, base)
			if len(pids) != c.processes {
				t.Fatalf("the host has the processes %v", pids)
			}
			if err := killed.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = killed.Wait()
			gone(t, pids, 5*time.Second)
			if left, _ := filepath.Glob(base + "/*/*.sock"); c.mode != "starting" && len(left) > 0 {
				t.Errorf("%s is left", left)
			}
		})
	}
}

func startHost(t *testing.T, mode, tmp string) (*exec.Cmd, []int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), hostEnv+"="+mode, "TMPDIR="+tmp)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if strings.TrimSpace(line) != "ready" {
		t.Fatalf("the host said %q, %v", line, err)
	}
	return cmd, descendants(cmd.Process.Pid)
}
