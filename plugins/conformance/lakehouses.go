package conformance

import (
	"context"
	"fmt"
)

// twoLakehouses follows one source for two lakehouses of one project, a developer's and that of production say: what one reads,
// acknowledges and releases is nothing to the other.
func twoLakehouses(ctx context.Context, e *Examination) error {
	first, rest, err := e.followed(ctx)
	if err != nil {
		return err
	}
	other := *e
	other.config.Lakehouse += "-other"
	theirs, err := other.start(ctx)
	if err != nil {
		return fmt.Errorf("for another lakehouse: %w", err)
	}
	if err := e.write(ctx, writes); err != nil {
		return err
	}
	more, err := other.now(ctx, theirs.cursor)
	if err != nil {
		return fmt.Errorf("for another lakehouse: %w", err)
	}
	if err := other.arrives(ctx, theirs.and(more)); err != nil {
		return fmt.Errorf("for another lakehouse: %w", err)
	}
	if err := other.acknowledge(ctx, more.cursor); err != nil {
		return fmt.Errorf("for another lakehouse: %w", err)
	}
	if err := other.release(ctx); err != nil {
		return fmt.Errorf("for another lakehouse: %w", err)
	}
	after, err := e.now(ctx, rest.cursor)
	if err != nil {
		return fmt.Errorf("after another lakehouse of the project, Config.Lakehouse, released the source: %w", err)
	}
	return e.arrives(ctx, first.and(rest).and(after))
}
