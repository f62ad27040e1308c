package failpoint

// Points of the engine, around what it does with one table.
const (
	ApplyClaimed = "apply.claimed" // leases are held, nothing is written
	WriteBefore  = "write.before"  // before the table's data files
	WriteAfter   = "write.after"   // data files are staged
	AuditBefore  = "audit.before"
	AuditAfter   = "audit.after"
	ApplyDone    = "apply.done" // all tables are done, leases still held
)

// Points of a commit.
const (
	CommitBefore         = "commit.before"
	CommitSpillAfter     = "commit.spill.after"     // large values are files
	CommitManifestsAfter = "commit.manifests.after" // manifests and their list are files
	CommitMetadataAfter  = "commit.metadata.after"  // the metadata file is there, the catalog doesn't name it
	CommitSwapAfter      = "commit.swap.after"      // the catalog names it
	CommitAfter          = "commit.after"           // old metadata files are removed
)

// Points of leases.
const (
	LeaseClaimBefore   = "lease.claim.before"
	LeaseClaimAfter    = "lease.claim.after"
	LeaseBeatBefore    = "lease.beat.before"
	LeaseBeatAfter     = "lease.beat.after"
	LeaseReleaseBefore = "lease.release.before"
	LeaseReleaseAfter  = "lease.release.after"
)

// Points of a sweep, of what a dead run left.
const (
	SweepSeized = "sweep.seized" // the dead run's lease is ours
	SweepFenced = "sweep.fenced" // a table has its fence
	SweepRemove = "sweep.remove" // before each file that goes
	SweepAfter  = "sweep.after"  // a table is swept
)

// Points of drops, rollbacks and the record of runs.
const (
	DropMarked     = "drop.marked"   // the table is marked as going
	DropUnlisted   = "drop.unlisted" // the catalog has forgotten it, its files are there
	DropRemove     = "drop.remove"   // some of its files are gone
	DropAfter      = "drop.after"
	RollbackBefore = "rollback.before"
	RollbackAfter  = "rollback.after"
	RunsBefore     = "runs.before"
	RunsBetween    = "runs.between" // etl.runs has the run, etl.results not yet
	RunsAfter      = "runs.after"
)

// All are the names of all points, in the order in which an apply passes them.
func All() []string {
	return []string{
		LeaseClaimBefore, LeaseClaimAfter, SweepSeized, SweepFenced, SweepRemove, SweepAfter, ApplyClaimed,
		WriteBefore, WriteAfter, AuditBefore, AuditAfter,
		CommitBefore, CommitSpillAfter, CommitManifestsAfter, CommitMetadataAfter, CommitSwapAfter, CommitAfter,
		LeaseBeatBefore, LeaseBeatAfter, DropMarked, DropUnlisted, DropRemove, DropAfter, RollbackBefore, RollbackAfter,
		ApplyDone, RunsBefore, RunsBetween, RunsAfter, LeaseReleaseBefore, LeaseReleaseAfter,
	}
}
