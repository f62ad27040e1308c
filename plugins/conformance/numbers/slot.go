package numbers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/automic-etl/etl/plugins/sdk"
)

// slot is what the log's folder keeps for one reader: transactions up to Confirmed can't be read any more.
type slot struct {
	path      string
	Confirmed int64 `json:"confirmed"`
}

func slotName(cfg sdk.Config) string {
	return "etl_" + strings.NewReplacer(".", "_", "/", "_").Replace(cfg.Project+"_"+cfg.Address+"_"+cfg.Lakehouse)
}

func newSlot(dir, name string, confirmed int64) *slot {
	return &slot{path: filepath.Join(dir, name+".slot"), Confirmed: confirmed}
}

// openSlot returns nil where there is no such slot.
func openSlot(dir, name string) (*slot, error) {
	s := newSlot(dir, name, 0)
	text, err := os.ReadFile(s.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("slot %s: %w", name, err)
	}
	return s, nil
}

// save replaces the slot's file at once.
func (s *slot) save() error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	half := fmt.Sprintf("%s.%d", s.path, os.Getpid())
	if err := os.WriteFile(half, text, 0o600); err != nil {
		return err
	}
	return os.Rename(half, s.path)
}

// hold waits until nobody else streams from the slot: it has one reader at a time.
func (s *slot) hold(ctx context.Context) (release func(), err error) {
	file, err := os.OpenFile(s.path+".held", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(5 * time.Millisecond):
		}
	}
}
