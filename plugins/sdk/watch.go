package sdk

import (
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// watchHost ends this process and what it started when the host is gone, however the host ended. The host holds the
// other end of standard input, which the kernel closes with it; asking for the parent each second covers a host that
// handed that end to somebody else.
func watchHost() {
	host, err := strconv.Atoi(os.Getenv(pb.EnvHost))
	if err != nil {
		return
	}
	input := os.Stdin
	if null, err := os.Open(os.DevNull); err == nil {
		os.Stdin = null // a provider that reads it must not take the sign away
	}
	go func() {
		_, _ = io.Copy(io.Discard, input)
		end()
	}()
	go func() {
		for os.Getppid() == host {
			time.Sleep(time.Second)
		}
		end()
	}()
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		<-asked
		end()
	}()
}

// end leaves nothing behind: neither the private folder nor processes that the provider started.
func end() {
	if dir := os.Getenv(pb.EnvDir); strings.HasPrefix(filepath.Base(dir), pb.DirPrefix) {
		_ = os.RemoveAll(dir)
	}
	if syscall.Getpgrp() == os.Getpid() {
		_ = syscall.Kill(-os.Getpid(), syscall.SIGKILL)
	}
	os.Exit(1)
}
