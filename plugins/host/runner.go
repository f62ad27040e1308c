package host

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is one operating system process, as go-plugin wants to see it. The host keeps its streams to itself: go-plugin
// gets the first line of standard output, which is the handshake.
type process struct {
	cmd     *exec.Cmd
	spawner *spawner
	log     *slog.Logger
	journal *journal
	stdin   io.WriteCloser
	stdout  io.ReadCloser
	shake   *io.PipeWriter

	mu      sync.Mutex
	pid     int    // 0 before the start
	doomed  bool   // killed before the start
	first   string // line of standard output
	greeted bool
	exit    string
	exited  chan struct{}
}

func newProcess(cmd *exec.Cmd, spawner *spawner, log *slog.Logger) *process {
	r, w := io.Pipe()
	return &process{
		cmd: cmd, spawner: spawner, log: log, journal: &journal{log: log}, stdout: r, shake: w, exited: make(chan struct{}),
	}
}

// Start is part of go-plugin's Runner.
func (p *process) Start(context.Context) (err error) {
	out, errs := &lines{take: p.printed}, &lines{take: p.journal.line}
	p.cmd.Stdout, p.cmd.Stderr = out, errs
	p.cmd.WaitDelay = time.Second // for streams that a grandchild holds open
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	if err := p.spawner.start(p.cmd); err != nil {
		return err
	}
	p.mu.Lock()
	p.pid = p.cmd.Process.Pid
	doomed := p.doomed
	p.mu.Unlock()
	go p.reap(out, errs)
	if doomed {
		return p.Kill(context.Background())
	}
	return nil
}

// reap waits for the end, ends what the process left behind, and only then says that it is over.
func (p *process) reap(streams ...*lines) {
	if awaitExit(p.cmd.Process.Pid) {
		_ = p.Kill(context.Background())
	}
	_ = p.cmd.Wait() // its state says more than the error
	for _, stream := range streams {
		stream.flush()
	}
	p.mu.Lock()
	p.exit = p.cmd.ProcessState.String()
	p.mu.Unlock()
	_ = p.shake.Close()
	close(p.exited)
}

// printed takes a line of standard output: the first is the handshake, all others don't belong there.
func (p *process) printed(line string) {
	p.mu.Lock()
	first := !p.greeted
	if first {
		p.first, p.greeted = line, true
	}
	p.mu.Unlock()
	if first {
		_, _ = io.WriteString(p.shake, line+"\n")
		return
	}
	p.strayed([]byte(line))
}

// strayed reports output on the stream that belongs to the protocol.
func (p *process) strayed(text []byte) {
	p.log.Warn("the provider wrote to its standard output, which belongs to the protocol; use the log or standard error",
		"text", strings.TrimRight(string(text), "\n"))
}

// misspoke returns the first line of output if it is no handshake.
func (p *process) misspoke() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.first, p.greeted && strings.Count(p.first, "|") < 4
}

// started reports whether there is, or was, an operating system process.
func (p *process) started() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid != 0
}

// ended returns how the process ended, if it did.
func (p *process) ended() (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.exit, p.exit != ""
}

// signal reaches the process alone, not what it started.
func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pid == 0 || p.exit != "" {
		return os.ErrProcessDone
	}
	return p.cmd.Process.Signal(s)
}

// Kill is part of go-plugin's Runner: it ends the process and all that it started.
func (p *process) Kill(context.Context) error {
	select {
	case <-p.exited: // the id may be another's by now
		return nil
	default:
	}
	p.mu.Lock()
	pid := p.pid
	p.doomed = true
	p.mu.Unlock()
	if pid == 0 {
		return nil
	}
	err := syscall.Kill(-pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.EPERM) { // EPERM: macOS on a group of zombies
		return nil
	}
	return err
}

// Wait is part of go-plugin's Runner.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return nil
}

// Stdout is part of go-plugin's Runner.
func (p *process) Stdout() io.ReadCloser { return p.stdout }

// Stderr is part of go-plugin's Runner. The host reads the stream itself.
func (p *process) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name is part of go-plugin's Runner.
func (p *process) Name() string { return p.cmd.Path }

// ID is part of go-plugin's Runner.
func (p *process) ID() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strconv.Itoa(p.pid)
}

// Diagnose is part of go-plugin's Runner.
func (p *process) Diagnose(context.Context) string { return "" }

// PluginToHost is part of go-plugin's Runner.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin is part of go-plugin's Runner.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
