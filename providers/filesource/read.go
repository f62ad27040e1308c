package filesource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/automic-etl/etl/plugins/sdk"
	"github.com/automic-etl/etl/providers/delivery"
)

// checkpointBytes is how much input lies between two checkpoints of an incremental read where the host names no size for
// files: what a death costs at most.
const checkpointBytes = 1 << 30

// Read reads exactly the files that the plan saw, in their order.
func (p *Provider) Read(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest, out sdk.Output) error {
	r, err := p.reading(ctx, cfg, req)
	if err != nil {
		return err
	}
	r.read.Delivery = delivery.New(out, req, total(r.files))
	defer r.read.Delivery.Abandon()
	return r.run(ctx)
}

// reading is one Read under way.
type reading struct {
	options     Options
	reader      Reader
	read        Read
	old         cursor
	fingerprint string
	files       []File
	since       int64 // bytes read since the last checkpoint
	every       int64 // bytes after which a checkpoint is due
}

func (p *Provider) reading(ctx context.Context, cfg sdk.Config, req sdk.ReadRequest) (*reading, error) {
	until := req.Until
	if until == nil {
		s, diags := p.survey(ctx, cfg, req.Cursor[""], "")
		if diags.HasErrors() {
			return nil, diags
		}
		return start(s.options, s.reader, s.old, cursor{s.fingerprint, s.freshFiles()}, req), nil
	}
	o, reader, diags := p.configure(cfg)
	wanted, more := decodeCursor(until)
	diags = append(diags, more...)
	old, more := decodeCursor(req.Cursor[""])
	if diags = append(diags, more...); diags.HasErrors() {
		return nil, diags
	}
	for i := range wanted.files {
		wanted.files[i].Abs = absolute(o.Dir, wanted.files[i].Path)
	}
	if o.Incremental { // a run that died may have got past some of what its plan wanted; a batch always begins anew
		wanted.files = old.without(wanted.files)
	}
	return start(o, reader, old, wanted, req), nil
}

func start(o Options, reader Reader, old, wanted cursor, req sdk.ReadRequest) *reading {
	r := &reading{options: o, reader: reader, old: old, fingerprint: wanted.fingerprint, files: wanted.files, every: checkpointBytes}
	r.read = Read{Columns: req.Columns, Threads: delivery.Threads(req.Staging)}
	if req.Staging != nil && req.Staging.TargetBytes > 0 {
		r.every = req.Staging.TargetBytes
	}
	return r
}

func (r *reading) run(ctx context.Context) error {
	for i, f := range r.files {
		if err := r.file(ctx, f); err != nil {
			return explained(err, f)
		}
		if r.options.Incremental && i+1 < len(r.files) && r.since >= r.every {
			if err := r.checkpoint(ctx, r.old.with(r.files[:i+1])); err != nil {
				return err
			}
		}
	}
	if r.options.Incremental {
		return r.checkpoint(ctx, r.old.with(r.files))
	}
	return r.checkpoint(ctx, cursor{fingerprint: r.fingerprint})
}

func (r *reading) file(ctx context.Context, f File) error {
	now, err := verify(ctx, f)
	if err != nil {
		return err
	}
	if err := r.reader.Read(ctx, f, r.read); err != nil {
		return err
	}
	after, err := now.restat()
	if err != nil || after.Size != now.Size || after.MtimeNS != now.MtimeNS {
		return Problem("File changed while it was read", fmt.Sprintf("%s changed while it was read, so that its rows may belong to "+
			"different states of it. Nothing of this run is loaded; run it again when the file is complete.", f.Path), "path")
	}
	r.since += f.Size
	return nil
}

// verify makes sure that a file is the one that the plan saw. A file that was only touched is.
func verify(ctx context.Context, f File) (File, error) {
	now, err := f.restat()
	if errors.Is(err, fs.ErrNotExist) {
		return f, Problem("File vanished since the plan", fmt.Sprintf("%s was there when the plan was made and is gone. Put it back, or "+
			"plan again.", f.Path), "path")
	}
	if err != nil {
		return f, err
	}
	if now.Size == f.Size && now.MtimeNS == f.MtimeNS {
		return now, nil
	}
	sha, err := hashFile(ctx, now)
	if err != nil {
		return f, err
	}
	if sha != f.SHA256 {
		return f, Problem("File changed since the plan", fmt.Sprintf("%s is not the file that the plan saw: its content has changed. "+
			"Plan again.", f.Path), "path")
	}
	return now, nil
}

func (r *reading) checkpoint(ctx context.Context, at cursor) error {
	encoded, err := at.encode()
	if err != nil {
		return err
	}
	r.since = 0
	return r.read.Delivery.Checkpoint(ctx, encoded)
}

// explained names the file in what went wrong with it, and leaves alone what went wrong elsewhere.
func explained(err error, f File) error {
	var onDisk *fs.PathError
	if errors.As(err, &onDisk) && onDisk.Path == f.Abs {
		return diagnose(err, f.Path)
	}
	return err
}
