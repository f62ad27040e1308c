package secrets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/zclconf/go-cty/cty"

	"github.com/automic-etl/etl/plugins/arrowschema"
	"github.com/automic-etl/etl/plugins/schema"
	"github.com/automic-etl/etl/plugins/schema/coltype"
	"github.com/automic-etl/etl/plugins/sdk"
)

// leaky tells what it was told, wherever its source says. Its rows are honest.
type leaky struct{}

// Where it leaks.
const (
	inValidate = "validate"
	inPlan     = "plan"       // fails with it
	inWords    = "words"      // of a plan: position, warnings, changes, fingerprint
	inPanic    = "plan-panic" // of the method
	inCrash    = "plan-crash" // of a goroutine
	inLog      = "log"        // and standard output and error
	inBad      = "bad"        // reasons of bad rows
	inRead     = "read"
	inLastWord = "read-crash"
	inWaiting  = "wait" // until the test has looked at all processes
)

func (leaky) Schema() schema.Provider {
	return schema.Provider{
		Name: "leaky", Version: "1.0.0",
		Connection: &schema.Block{Attributes: []schema.Attribute{{Name: "dsn", Type: cty.String, Required: true, Sensitive: true}}},
		Source: schema.Block{Attributes: []schema.Attribute{
			{Name: "table", Type: cty.String}, {Name: "leak", Type: cty.String}, {Name: "token", Type: cty.String},
		}},
		Extract: map[string]schema.Block{schema.Batch: {}},
	}
}

func (leaky) Capabilities() sdk.Capabilities { return sdk.Capabilities{} }

// told is the secret in the forms in which providers print it: whole, parsed, and as an error of a driver quotes it.
func told(cfg sdk.Config) string {
	dsn := cfg.Connection.GetAttr("dsn").AsString()
	text := fmt.Sprintf("dsn %s, again %v, token %v", dsn, cfg.Connection.AsValueMap(), cfg.Source.GetAttr("token"))
	if parsed, err := url.Parse(dsn); err == nil {
		password, _ := parsed.User.Password()
		text += fmt.Sprintf(", user %s, password %s", parsed.User.Username(), password)
	}
	return text
}

func leaks(cfg sdk.Config, where string) bool {
	return cfg.Source.GetAttr("leak").Equals(cty.StringVal(where)).True()
}

func (leaky) Validate(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	if !leaks(cfg, inValidate) || !cfg.Connection.IsWhollyKnown() {
		return nil
	}
	return sdk.Diagnostics{sdk.Warning("Odd connection", "It is "+told(cfg)+".", "leak")}
}

func (leaky) Check(context.Context, sdk.Config) sdk.Diagnostics { return nil }

func (leaky) Discover(_ context.Context, cfg sdk.Config) ([]sdk.Stream, sdk.Diagnostics) {
	slog.Error("discovering " + told(cfg))
	return []sdk.Stream{{Name: "orders", Columns: columns(), Rows: -1, Bytes: -1}}, sdk.Diagnostics{sdk.Warning("Odd server", told(cfg))}
}

func columns() coltype.Schema { return coltype.Schema{{Name: "n", Type: coltype.Of(coltype.Long)}} }

func (leaky) Plan(_ context.Context, cfg sdk.Config, _ sdk.PlanRequest) (*sdk.PlanResponse, sdk.Diagnostics) {
	plan := &sdk.PlanResponse{Columns: columns(), Changed: true, Rows: 3, Bytes: -1, Position: "three rows", Fingerprint: "three"}
	switch {
	case leaks(cfg, inPlan):
		return nil, sdk.Errorf("Connection refused", "No answer from %s.", told(cfg))
	case leaks(cfg, inWords):
		plan.Position, plan.Fingerprint, plan.FieldChanges = told(cfg), told(cfg), []string{told(cfg)}
		plan.Warnings = sdk.Diagnostics{sdk.Warning("Slow", told(cfg), "table")}
	case leaks(cfg, inPanic):
		panic(told(cfg))
	case leaks(cfg, inCrash):
		go panic(told(cfg))
		select {}
	case leaks(cfg, inLog):
		say(cfg)
	}
	return plan, nil
}

// say uses every way out that a process has.
func say(cfg sdk.Config) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		slog.Log(context.Background(), level, told(cfg), "attr", told(cfg), "error", errors.New(told(cfg)), slog.Group("group", "inner", told(cfg)))
	}
	fmt.Fprintln(os.Stderr, "to stderr:", told(cfg))
	fmt.Println("to stdout:", told(cfg))
}

func (leaky) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	builder := array.NewRecordBuilder(memory.DefaultAllocator, arrowschema.FromColumns(req.Columns))
	defer builder.Release()
	builder.Field(0).(*array.Int64Builder).AppendValues([]int64{1, 2, 3}, nil)
	rows := builder.NewRecordBatch()
	defer rows.Release()
	if err := out.Batch(ctx, rows); err != nil {
		return err
	}
	switch {
	case leaks(cfg, inLog):
		say(cfg)
	case leaks(cfg, inBad):
		return out.Bad(ctx, []sdk.BadRow{{Raw: "4", Reason: "refused by " + told(cfg), Source: "orders", Position: "row 4 of " + told(cfg)}})
	case leaks(cfg, inRead):
		return errors.New("lost the connection to " + told(cfg))
	case leaks(cfg, inLastWord):
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 100)+told(cfg))
		os.Exit(3)
	case leaks(cfg, inWaiting):
		return wait(ctx, cfg.Dir)
	}
	return nil
}

// wait says that it waits, and waits until it is told to go on.
func wait(ctx context.Context, dir string) error {
	if err := os.WriteFile(filepath.Join(dir, "waiting"), nil, 0o600); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if _, err := os.Stat(filepath.Join(dir, "go on")); err == nil {
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ctx.Err()
}
