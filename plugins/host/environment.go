package host

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// inherited is all that a plugin sees of the host's environment. Secrets reach it in its configuration alone.
func inherited() []string { return []string{"PATH", "HOME", "TMPDIR", "TZ", "LANG"} }

func (h *Host) environment(provider, dir string, builtIn bool) []string {
	env := []string{
		fmt.Sprintf("%s=%d", pb.EnvHost, os.Getpid()),
		fmt.Sprintf("%s=%s", pb.EnvDir, dir),
		fmt.Sprintf("%s=%s", pb.EnvLevel, strconv.Itoa(int(leastLevel(h.options.Log)))),
	}
	if builtIn {
		env = append(env, fmt.Sprintf("%s=%s", pb.EnvPlugin, provider))
	}
	for _, name := range inherited() {
		if value, there := os.LookupEnv(name); there {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// leastLevel is the least level that the logger takes.
func leastLevel(log *slog.Logger) slog.Level {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if log.Enabled(context.Background(), level) {
			return level
		}
	}
	return slog.LevelError
}

// longestBase leaves room for the names below it in the 104 bytes that the path of a socket may have on some systems.
const longestBase = 40

// privateDir makes the folder of one process: its sockets, and nothing that must survive.
func privateDir() (string, error) {
	base := os.TempDir()
	if len(base) > longestBase {
		base = "/tmp"
	}
	dir, err := os.MkdirTemp(base, pb.DirPrefix)
	if err != nil {
		return "", fmt.Errorf("making a private folder for a plugin: %w", err)
	}
	return filepath.Clean(dir), nil
}
