package numbers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/automic-etl/etl/plugins/sdk"
)

// Prepare is part of sdk.Follower: it creates the slot at the end of the log.
func (Provider) Prepare(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	return withSlot(cfg, func(s settings, found *slot) error {
		if found != nil {
			return nil
		}
		log, err := readLog(s.log)
		if err != nil {
			return err
		}
		return newSlot(s.log, slotName(cfg), int64(len(log))).save()
	})
}

// Acknowledge is part of sdk.Follower.
func (Provider) Acknowledge(_ context.Context, cfg sdk.Config, cursor map[string][]byte) sdk.Diagnostics {
	return withSlot(cfg, func(_ settings, found *slot) error {
		if found == nil {
			return fmt.Errorf("there is no slot %s", slotName(cfg))
		}
		c, _, err := followed(cursor)
		if err != nil || c.Tx <= found.Confirmed {
			return err
		}
		found.Confirmed = c.Tx
		return found.save()
	})
}

// Release is part of sdk.Follower.
func (Provider) Release(_ context.Context, cfg sdk.Config) sdk.Diagnostics {
	return withSlot(cfg, func(_ settings, found *slot) error {
		if found == nil {
			return nil
		}
		return os.Remove(found.path)
	})
}

func withSlot(cfg sdk.Config, do func(s settings, found *slot) error) sdk.Diagnostics {
	s, ds := decode(cfg)
	if ds.HasErrors() {
		return ds
	}
	found, err := openSlot(s.log, slotName(cfg))
	if err == nil {
		err = do(s, found)
	}
	if err != nil {
		return sdk.Errorf("The log can't be followed", "%s.", err)
	}
	return nil
}

// follow plans a read of changes.
func (s settings) follow(cfg sdk.Config, req sdk.PlanRequest) (*sdk.PlanResponse, error) {
	log, err := readLog(s.log)
	if err != nil {
		return nil, err
	}
	from, going, err := followed(req.Cursor)
	if err != nil {
		return nil, err
	}
	found, err := openSlot(s.log, slotName(cfg))
	if err != nil {
		return nil, err
	}
	plan := &sdk.PlanResponse{
		Columns: s.columns(), Key: []string{"n"}, Resumable: true, Bytes: -1, Until: []byte(strconv.Itoa(len(log))),
		Snapshot: !going, Changed: !going || from.Snapshot || from.Tx < int64(len(log)),
	}
	if found == nil {
		plan.Creates = []string{"slot " + slotName(cfg)}
	}
	if !going {
		plan.Rows, plan.Position = int64(len(at(s.rows, log))), "a snapshot, and what changed since"
		return plan, nil
	}
	if lost := from.lost(found, log); lost != nil {
		plan.Resumable = false
		plan.Warnings = sdk.Diagnostics{sdk.Error("The log is gone",
			fmt.Sprintf("%s. Read the rows anew with `etl apply -resnapshot`.", lost))}
		return plan, nil
	}
	for _, tx := range log[from.Tx:] {
		plan.Rows += int64(len(tx.Changes))
	}
	plan.Position = fmt.Sprintf("%d new transactions", int64(len(log))-from.Tx)
	return plan, nil
}

// lost says why the log can't be read from a cursor on.
func (c cursor) lost(found *slot, log []transaction) error {
	switch {
	case found == nil:
		return errors.New("the slot was dropped, and the log from it on is not kept")
	case found.Confirmed > c.Tx:
		return fmt.Errorf("the log was confirmed up to transaction %d, and the rows end with transaction %d", found.Confirmed, c.Tx)
	case c.Tx > int64(len(log)):
		return fmt.Errorf("the log ends with transaction %d, and the rows with transaction %d", len(log), c.Tx)
	}
	return nil
}
