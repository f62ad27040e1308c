package crash

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/automic-etl/etl/test/crash/lab"
)

// TestFullDisk fills the disk under the warehouse while an apply writes: readers keep what they had, and once there is room
// the next apply is right.
func TestFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("mounting a small disk needs root; the scripts' full_disk limits the size of files instead")
	}
	l := lab.New(t, binary)
	l.Write(t, map[string]string{"many.etl.hcl": slow, "many.csv": "id,text\n0,first\n"})
	disk := filepath.Join(l.Dir, "warehouse")
	if err := os.Mkdir(disk, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("no disk can be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	l.Must(t, 0, "apply", "-auto-approve")
	before := l.Rows(t, "bronze.many", "gold.many")
	l.Write(t, map[string]string{"many.csv": numbered(1_500_000)})
	r := l.Run(t, "apply", "-auto-approve")
	r.Check(t, 1, "apply")
	if !r.Says("no space left on device") && !r.Says("No space left on device") {
		t.Errorf("it doesn't say what is wrong:\n%s", r.Output())
	}
	l.NoOrphans(t)
	if diff := lab.Difference(l.Rows(t, "bronze.many", "gold.many"), before); diff != "" {
		t.Errorf("readers see another state:\n%s", diff)
	}
	if err := syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=300m"); err != nil {
		t.Fatal(err)
	}
	l.Must(t, 0, "apply", "-auto-approve")
	if got := l.Rows(t, "gold.many"); got != `gold.many {"n":1500000}` {
		t.Errorf("gold.many has %s", got)
	}
	if locks := l.Locks(t); locks != "" {
		t.Errorf("leases are left: %s", locks)
	}
}

// TestReadOnlyWarehouse lets a user apply who may not write: an error, and not a byte differs.
func TestReadOnlyWarehouse(t *testing.T) {
	setpriv, err := exec.LookPath("setpriv")
	if os.Geteuid() != 0 || err != nil {
		t.Skip("no permission stops root, and only root can become somebody else (setpriv)")
	}
	l, _ := disturbed(t)
	before := l.Digest(t)
	run := l.StartCommand(t, nil, setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "{etl}", "apply", "-auto-approve")
	r := run.Wait(t)
	r.Check(t, 1, "apply")
	if !r.Says("permission denied") && !r.Says("read-only") && !r.Says("readonly") {
		t.Errorf("it doesn't say what is wrong:\n%s", r.Output())
	}
	if diff := lab.Difference(l.Digest(t), before); diff != "" {
		t.Errorf("it has written:\n%s", diff)
	}
}

// TestCorruptedCatalog: what is no catalog is refused and left as it is.
func TestCorruptedCatalog(t *testing.T) {
	l, _ := disturbed(t)
	catalog := filepath.Join(l.Dir, ".etl", "catalog.db")
	content, err := os.ReadFile(catalog)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{
		"garbage": []byte("this is no database, and it is long enough to be looked at as one of them\n"), "cut in the middle": content[:len(content)/2],
	} {
		t.Run(name, func(t *testing.T) {
			l.Restore(t, "news")
			for _, suffix := range []string{"-wal", "-shm"} {
				_ = os.Remove(catalog + suffix)
			}
			if err := os.WriteFile(catalog, broken, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}, {"state", "list"}} {
				r := l.Run(t, command...)
				r.Check(t, 1, command...)
				if !r.Says("catalog.db") {
					t.Errorf("etl %v doesn't name the file:\n%s", command, r.Output())
				}
			}
			l.NoOrphans(t)
		})
	}
}
