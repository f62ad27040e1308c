package mysql_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers"
)

// TestSilentServer reaches a port that takes connections and never says a word: it is given up, and it is said how long to
// wait for a server that is only slow.
func TestSilentServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	described := providers.BuiltIn()["mysql"].Schema()
	text := cty.StringVal
	for name, test := range map[string]struct {
		connection map[string]cty.Value
		want       []string
	}{
		"attribute": {map[string]cty.Value{"host": text("127.0.0.1"), "port": cty.NumberIntVal(int64(listener.Addr().(*net.TCPAddr).Port)), "user": text("etl"),
			"connect_timeout": text("200ms")}, []string{"The server doesn't answer", "did not answer in time", "raise connect_timeout"}},
		"dsn":         {map[string]cty.Value{"dsn": text("etl@tcp(" + listener.Addr().String() + ")/x?timeout=200ms")}, []string{"The server doesn't answer"}},
		"no duration": {map[string]cty.Value{"host": text("127.0.0.1"), "connect_timeout": text("soon")}, []string{"Invalid duration", `"soon"`, `"30s"`}},
		"no time":     {map[string]cty.Value{"host": text("127.0.0.1"), "connect_timeout": text("0s")}, []string{"Invalid duration"}},
	} {
		t.Run(name, func(t *testing.T) {
			source := described.Source.Empty().AsValueMap()
			source["table"] = text("shop.orders")
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, diags := providers.BuiltIn()["mysql"].Plan(ctx, sdk.Config{Address: "source.mysql.t", Dir: t.TempDir(), Mode: "batch", Source: cty.ObjectVal(source),
				Connection: cty.ObjectVal(block(described.Connection.ImpliedType(), test.connection))}, sdk.PlanRequest{})
			for _, want := range test.want {
				if !strings.Contains(diags.Error(), want) {
					t.Errorf("%q is not in %v", want, diags)
				}
			}
		})
	}
}
