package numbers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Faults of Plan and of Read.
const (
	PlanCrash = "plan-crash" // a goroutine panics
	PlanPanic = "plan-panic" // the method panics
	PlanHang  = "plan-hang"  // ignores cancellation
	PlanWait  = "plan-wait"  // waits for cancellation
	PlanEnv   = "plan-env"   // fails with its environment

	Crash  = "crash"  // a goroutine panics
	Panic  = "panic"  // the method panics
	Exit   = "exit"   // the process exits after last words on standard error
	Fail   = "fail"   // an error
	Refuse = "refuse" // diagnostics
	Hang   = "hang"   // ignores cancellation, with a child process
	Wait   = "wait"   // waits for cancellation
	Print  = "print"  // prints to standard output and goes on
	Wrong  = "wrong"  // sends a batch of other columns
	Drop   = "drop"   // sends such a batch, overlooks the error and ends well
)

// Faults are all of them.
func Faults() []string {
	return []string{
		PlanCrash, PlanPanic, PlanHang, PlanWait, PlanEnv,
		Crash, Panic, Exit, Fail, Refuse, Hang, Wait, Print, Wrong, Drop,
	}
}

func fault(text string) {
	panic(text) //nolint:forbidigo // to panic is what was asked for
}

func (s settings) misplan(ctx context.Context) error {
	switch s.fault {
	case PlanCrash:
		go fault("the plan crashed")
		select {}
	case PlanPanic:
		fault("the plan panicked")
	case PlanHang:
		select {}
	case PlanWait:
		<-ctx.Done()
		return ctx.Err()
	case PlanEnv:
		return errors.New(strings.Join(os.Environ(), "; "))
	}
	return nil
}

// misread does what is asked for once the rows before it are sent.
func (r *reader) misread(ctx context.Context, sent int64) error {
	if sent < r.faultAt {
		return nil
	}
	switch r.fault {
	case Crash:
		go fault("the read crashed")
		select {}
	case Panic:
		fault("the read panicked")
	case Exit:
		fmt.Fprintln(os.Stderr, "these are last words")
		os.Exit(3)
	case Fail:
		return errors.New("the source went away")
	case Refuse:
		return sdk.Diagnostics{sdk.Error("No such number", "Write another one.", "rows")}
	case Hang:
		return errors.Join(exec.Command("sleep", "1000").Run(), errors.New("slept"))
	case Wait:
		<-ctx.Done()
		return ctx.Err()
	case Print:
		_, err := os.Stdout.WriteString("hello from the provider\n")
		return err
	case Wrong:
		return r.wrong(ctx)
	case Drop:
		_ = r.wrong(ctx)
	}
	return nil
}

// wrong sends n as text.
func (r *reader) wrong(ctx context.Context) error {
	schema := arrow.NewSchema([]arrow.Field{{Name: "n", Type: arrow.BinaryTypes.String}}, nil)
	builder := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer builder.Release()
	builder.Field(0).(*array.StringBuilder).Append("one")
	rows := builder.NewRecordBatch()
	defer rows.Release()
	return r.out.Batch(ctx, rows)
}
