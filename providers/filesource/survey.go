package filesource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/automic-etl/etl/plugins/sdk"
)

// survey compares the files that are there now with those that were read.
type survey struct {
	options     Options
	reader      Reader
	old         cursor
	first       bool // nothing was read yet
	files       []File
	fresh       []int // positions of the files to read
	fingerprint string
	index       *index
	warnings    sdk.Diagnostics
}

func (p *Provider) survey(ctx context.Context, cfg sdk.Config, recorded []byte, cacheDir string) (*survey, sdk.Diagnostics) {
	o, reader, diags := p.configure(cfg)
	if diags.HasErrors() {
		return nil, diags
	}
	old, more := decodeCursor(recorded)
	diags = append(diags, more...)
	found, more := list(ctx, o)
	diags = append(diags, more...)
	s := &survey{options: o, reader: reader, old: old, first: len(recorded) == 0, files: found.files}
	if s.first || !o.Incremental {
		diags = append(diags, found.missing...)
	}
	if diags.HasErrors() {
		return nil, diags
	}
	key := fmt.Sprintf("%s %q %q %q %d %q", p.format.Name(), cfg.Address, o.Dir, o.Paths, o.InferRows, reader.Key())
	s.index = openIndex(cacheDir, key)
	if more := s.compare(ctx); more.HasErrors() {
		return nil, append(diags, more...)
	}
	return s, append(diags, s.warnings...)
}

func (s *survey) compare(ctx context.Context) sdk.Diagnostics {
	if s.options.Incremental {
		return s.compareIncremental(ctx)
	}
	for i := range s.files {
		s.fresh = append(s.fresh, i)
	}
	if diags := s.hash(ctx, s.fresh); diags != nil {
		return diags
	}
	s.fingerprint = fingerprint(s.files, s.reader.Key())
	return nil
}

// compareIncremental trusts size and time of a file that was read, and looks into it where these have changed: a file
// that was only touched is still the same.
func (s *survey) compareIncremental(ctx context.Context) sdk.Diagnostics {
	read := make(map[string]File, len(s.old.files))
	for _, f := range s.old.files {
		read[f.Path] = f
	}
	var suspect []int
	for i := range s.files {
		f := &s.files[i]
		before, ok := read[f.Path]
		delete(read, f.Path)
		switch {
		case !ok:
			s.fresh = append(s.fresh, i)
		case before.Size != f.Size || before.MtimeNS != f.MtimeNS:
			suspect = append(suspect, i)
		default:
			f.SHA256 = before.SHA256
		}
	}
	if diags := s.hash(ctx, append(append([]int(nil), s.fresh...), suspect...)); diags != nil {
		return diags
	}
	s.reportChanged(suspect)
	s.reportVanished(read)
	s.twins()
	return nil
}

func (s *survey) reportChanged(suspect []int) {
	before := make(map[string]string, len(s.old.files))
	for _, f := range s.old.files {
		before[f.Path] = f.SHA256
	}
	var changed []File
	for _, i := range suspect {
		if f := s.files[i]; before[f.Path] != f.SHA256 {
			changed = append(changed, f)
		}
	}
	if len(changed) > 0 {
		s.warnings = append(s.warnings, Warning("Files changed after they were read", fmt.Sprintf("After it was read, this "+
			"changed: %s. The rows that were read stay as they are. To read anew, run etl apply with -resnapshot.",
			named(changed, "")), "path")...)
	}
}

// reportVanished tells files that are gone from those that the paths no longer name.
func (s *survey) reportVanished(left map[string]File) {
	var gone []File
	for _, f := range s.old.files {
		if _, ok := left[f.Path]; !ok {
			continue
		}
		if _, err := os.Lstat(absolute(s.options.Dir, f.Path)); errors.Is(err, fs.ErrNotExist) {
			gone = append(gone, f)
		}
	}
	if len(gone) > 0 {
		s.warnings = append(s.warnings, Warning("Files vanished after they were read", fmt.Sprintf("After it was read, this "+
			"vanished: %s. The rows that were read stay. To drop them, run etl apply with -resnapshot.", named(gone, "")), "path")...)
	}
}

// lost are the files of another read whose rows this one doesn't find again: those that are gone or are no longer named by the
// paths, unless their content lies elsewhere, and those that changed.
func (s *survey) lost(discarded []byte) []string {
	before, _ := decodeCursor(discarded) // what can't be read tells nothing
	paths, contents := map[string]bool{}, map[string]bool{}
	for _, f := range s.files {
		paths[f.Path], contents[f.SHA256] = true, true
	}
	var gone, changed []File
	for _, f := range before.files {
		switch {
		case contents[f.SHA256]:
		case paths[f.Path]:
			changed = append(changed, f)
		default:
			gone = append(gone, f)
		}
	}
	var lost []string
	if len(gone) > 0 {
		lost = append(lost, named(gone, "vanished "))
	}
	if len(changed) > 0 {
		lost = append(lost, named(changed, "changed "))
	}
	return lost
}

func absolute(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// hash makes the content of files known, from the index where it can.
func (s *survey) hash(ctx context.Context, positions []int) sdk.Diagnostics {
	var unknown []int
	for _, i := range positions {
		if e, ok := s.index.find(s.files[i]); ok {
			s.files[i].SHA256 = e.sha
		} else {
			unknown = append(unknown, i)
		}
	}
	problems := make([]sdk.Diagnostics, len(s.files))
	err := each(ctx, unknown, func(ctx context.Context, i int) error {
		sha, err := hashFile(ctx, s.files[i])
		if err != nil {
			problems[i] = diagnose(err, s.files[i].Path)
		}
		s.files[i].SHA256 = sha
		return ctx.Err()
	})
	if err != nil {
		return Problem("Interrupted", "Looking at the source's files was interrupted.")
	}
	for _, i := range unknown {
		if s.files[i].SHA256 != "" {
			s.index.hashed(s.files[i])
		}
	}
	return joined(problems)
}

// joined keeps the order of files and folds an endless list.
func joined(problems []sdk.Diagnostics) sdk.Diagnostics {
	const most = 20
	var all sdk.Diagnostics
	for _, diags := range problems {
		all = append(all, diags...)
	}
	if len(all) > most {
		left := len(all) - most
		all = append(all[:most:most], Problem("More files can't be read", fmt.Sprintf("%d further problems with files of this "+
			"source are like those above.", left), "path")...)
	}
	return all
}

func (s *survey) changed() bool {
	switch {
	case s.first:
		return true
	case s.options.Incremental:
		return len(s.fresh) > 0
	}
	return s.fingerprint != s.old.fingerprint
}

func (s *survey) freshFiles() []File {
	files := make([]File, len(s.fresh))
	for i, position := range s.fresh {
		files[i] = s.files[position]
	}
	return files
}

// twins warns of a file that came back under another name: its rows would be there twice.
func (s *survey) twins() {
	there := make(map[string]bool, len(s.files))
	for _, f := range s.files {
		there[f.Path] = true
	}
	byContent := make(map[string]string, len(s.old.files))
	for _, f := range s.old.files {
		if !there[f.Path] && f.Size > 0 {
			byContent[f.SHA256] = f.Path
		}
	}
	var pairs []string
	for _, f := range s.freshFiles() {
		if old, ok := byContent[f.SHA256]; ok {
			pairs = append(pairs, fmt.Sprintf("%s (was %s)", f.Path, old))
		}
	}
	if len(pairs) > 0 {
		s.warnings = append(s.warnings, Warning("Files look renamed", fmt.Sprintf("These new files have exactly the content of "+
			"files that were read and are gone: %s. They will be read as new data, so that their rows are there twice. If they were "+
			"only renamed, give them their old names back.", strings.Join(pairs[:min(len(pairs), 3)], ", ")), "path")...)
	}
}
