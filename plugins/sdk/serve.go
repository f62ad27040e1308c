package sdk

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	pb "github.com/automic-etl/etl/plugins/proto"
)

// maxMessage bounds a message of the control plane: the cursor over a directory of many files is the largest.
const maxMessage = 256 << 20

// garbagePercent collects garbage earlier than Go does by itself: a provider is one of several processes that work at the same
// time, and what it keeps is little compared to what passes through it.
const garbagePercent = 75

// Serve is a plugin's main: it serves the provider to the etl that started this process, and ends the process.
//
// Standard output belongs to the protocol. What a provider writes there is shown as a warning in the host's log; what it
// writes before Serve makes the start fail.
func Serve(p Provider) {
	handshake := pb.Handshake()
	if os.Getenv(handshake.MagicCookieKey) != handshake.MagicCookieValue {
		fmt.Fprintln(os.Stderr, "This program is a plugin of etl: etl starts it, it does nothing by itself.")
		os.Exit(1)
	}
	stderr := os.Stderr
	slog.SetDefault(newLogger(stderr, os.Getenv(pb.EnvLevel)))
	watchHost()
	debug.SetGCPercent(garbagePercent)
	// go-plugin diverts os.Stderr through the control plane, where last words are lost when the process dies.
	restore := func() { os.Stderr = stderr }
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake,
		Plugins:         plugin.PluginSet{pb.Service: &service{server: newServer(p, restore)}},
		GRPCServer:      newGRPCServer,
		Logger:          hclog.New(&hclog.LoggerOptions{Level: hclog.Error, Output: stderr, JSONFormat: true}),
	})
	os.Exit(0)
}

// ServeBuiltIn serves one of the providers if this process was started for that, and then ends the process; else it
// returns at once. A program with built-in providers calls it before anything else.
func ServeBuiltIn(providers map[string]Provider) {
	name := os.Getenv(pb.EnvPlugin)
	if name == "" {
		return
	}
	p, there := providers[name]
	if !there {
		fmt.Fprintf(os.Stderr, "%s=%s: no provider of this name is built in.\n", pb.EnvPlugin, name)
		os.Exit(1)
	}
	Serve(p)
}

func newGRPCServer(opts []grpc.ServerOption) *grpc.Server {
	return grpc.NewServer(append(opts, grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))...)
}

// service is the server's side of go-plugin.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

func (s *service) GRPCServer(_ *plugin.GRPCBroker, g *grpc.Server) error {
	pb.RegisterProviderServer(g, s.server)
	return nil
}

func (s *service) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("a plugin is no client of itself")
}
