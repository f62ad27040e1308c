package apply

import (
	"errors"
	"os"
)

// discard removes what a failed task staged and never tried to publish: nobody sweeps after a run that lives. Where a commit
// was tried its outcome may be unknown, so those files stay.
func (t *task) discard() {
	var errs []error
	if t.dir != "" && !t.tried {
		errs = append(errs, os.RemoveAll(t.dir))
	}
	if bad := t.staged.bad; bad != nil && bad.dir != "" && !bad.tried {
		errs = append(errs, os.RemoveAll(bad.dir))
	}
	if err := errors.Join(errs...); err != nil {
		t.log.Warn("what the failed table had staged was not removed", "error", err)
	}
}
