package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	goplugin "github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/automic-etl/etl/plugins/dataplane"
	pb "github.com/automic-etl/etl/plugins/proto"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/sdk"
)

// running is a started plugin.
type running struct {
	provider     string
	dir          string
	process      *process
	plugin       *plugin.Client
	rpc          pb.ProviderClient
	listener     *dataplane.Listener
	schema       schema.Provider
	capabilities sdk.Capabilities
	log          *slog.Logger
	silent       atomic.Bool // it was ended because it missed its heartbeats
}

// start starts a plugin and asks it what it is. On failure nothing is left behind.
func (h *Host) start(ctx context.Context, provider string) (_ *running, err error) {
	path, builtIn, known := h.options.program(provider)
	if !known {
		return nil, &UnknownProviderError{Provider: provider}
	}
	r := &running{provider: provider, log: h.options.Log.With("provider", provider)}
	defer func() {
		if err != nil {
			r.end(0)
		}
	}()
	if r.dir, err = privateDir(); err != nil {
		return nil, &StartError{Provider: provider, Reason: err.Error()}
	}
	if r.listener, err = dataplane.Listen(r.dir, r.log); err != nil {
		return nil, &StartError{Provider: provider, Reason: err.Error()}
	}
	cmd := exec.Command(path)
	cmd.Env = h.environment(provider, r.dir, builtIn)
	r.process = newProcess(cmd, h.spawner, r.log)
	r.plugin = plugin.NewClient(r.config())
	// A call that is cancelled while the plugin starts doesn't wait for it.
	stop := context.AfterFunc(ctx, func() { _ = r.process.Kill(ctx) })
	defer stop()
	if err := r.connect(ctx, h.options.Version); err != nil {
		return nil, r.unstarted(ctx, err)
	}
	go r.listen(h.options.Heartbeat)
	return r, nil
}

func (r *running) config() *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig:  pb.Handshake(),
		Plugins:          plugin.PluginSet{pb.Service: service{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		AutoMTLS:         true,
		SkipHostEnv:      true,
		StartTimeout:     startTime,
		Logger:           hclog.NewNullLogger(), // what it would say, the errors of calls say better
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: r.dir},
		SyncStdout:       &lines{take: func(line string) { r.process.strayed([]byte(line)) }},
		SyncStderr:       &lines{take: r.process.journal.line},
		RunnerFunc: func(_ hclog.Logger, template *exec.Cmd, _ string) (goplugin.Runner, error) {
			r.process.cmd.Env = append(r.process.cmd.Env, template.Env...)
			return r.process, nil
		},
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage), grpc.MaxCallSendMsgSize(maxMessage)),
		},
	}
}

// maxMessage is the SDK's.
const maxMessage = 256 << 20

func (r *running) connect(ctx context.Context, version string) error {
	protocol, err := r.plugin.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(pb.Service)
	if err != nil {
		return err
	}
	r.rpc = dispensed.(pb.ProviderClient)
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	opened, err := r.rpc.Open(ctx, &pb.OpenRequest{HostVersion: version})
	if err != nil {
		return fmt.Errorf("it did not say what it is: %w", err)
	}
	return r.describe(opened)
}

func (r *running) describe(opened *pb.OpenResponse) error {
	if err := json.Unmarshal(opened.Schema, &r.schema); err != nil {
		return fmt.Errorf("the description of its blocks can't be decoded: %w", err)
	}
	if err := r.schema.Verify(); err != nil {
		return fmt.Errorf("the description of its blocks is wrong: %w", err)
	}
	if r.schema.Name != r.provider {
		return fmt.Errorf("it serves the provider %q instead", r.schema.Name)
	}
	c := opened.GetCapabilities()
	r.capabilities = sdk.Capabilities{
		Replay: c.GetReplay(), Bounds: c.GetBounds(), Partitions: c.GetPartitions(), Files: c.GetFiles(),
		Follow: c.GetFollow(),
	}
	return nil
}

// unstarted words why connect failed, knowing more of the process than go-plugin does.
func (r *running) unstarted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var missing *exec.Error
	var path *os.PathError
	failure := &StartError{Provider: r.provider, Reason: err.Error()}
	if errors.As(err, &missing) || errors.As(err, &path) {
		return failure
	}
	if text, bad := r.process.misspoke(); bad {
		failure.Reason = fmt.Sprintf("it wrote %q to its standard output, which belongs to the protocol", text)
	} else if exit, ended := r.exit(); ended {
		failure.Reason = "it ended before it was ready (" + exit + ")"
	}
	failure.Stderr = r.process.journal.last()
	return failure
}

// exitTime is how long a process whose connection broke may take to be gone.
const exitTime = 2 * time.Second

// exit returns how the process ended, waiting a little: its connection breaks before its end is known.
func (r *running) exit() (string, bool) {
	select {
	case <-r.process.exited:
	case <-time.After(exitTime):
	}
	return r.process.ended()
}

func (r *running) alive() bool {
	_, ended := r.process.ended()
	return !ended
}

// end asks the process to end and makes it after the grace time; then nothing of it is left.
func (r *running) end(grace time.Duration) {
	if r.process != nil && r.process.started() {
		timer := time.AfterFunc(grace, func() { _ = r.process.Kill(context.Background()) })
		r.plugin.Kill()
		timer.Stop()
		_ = r.process.Kill(context.Background())
		<-r.process.exited
	}
	if r.listener != nil {
		_ = r.listener.Close()
	}
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
}

// service is the host's side of go-plugin.
type service struct{ plugin.NetRPCUnsupportedPlugin }

func (service) GRPCServer(*plugin.GRPCBroker, *grpc.Server) error {
	return errors.New("the host serves nothing")
}

func (service) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, conn *grpc.ClientConn) (any, error) {
	return pb.NewProviderClient(conn), nil
}
