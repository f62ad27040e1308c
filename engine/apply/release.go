package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/automic-etl/etl/engine/plan"
	"github.com/automic-etl/etl/engine/planner"
	"github.com/automic-etl/etl/lang/config"
	"github.com/automic-etl/etl/plugins/sdk"
)

// releaseSources drops at the sources what nobody follows any more. The tables are gone by then, so that what can't be
// dropped is said, and not tried again.
func (r *run) releaseSources(ctx context.Context) hcl.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tellTime)
	defer cancel()
	var diags hcl.Diagnostics
	for _, release := range r.plan.Releases {
		if len(release.Prepared) > 0 {
			continue // no table followed it
		}
		undone := func(address string) bool { return r.byAddress[address] == nil || r.byAddress[address].State != "done" }
		if slices.ContainsFunc(release.Tables, undone) {
			continue
		}
		if err := r.releaseSource(ctx, r.plan.Lakehouse.ID, release); err != nil {
			diags = append(diags, remains(release, err))
		}
	}
	return diags
}

func remains(release plan.Release, err error) *hcl.Diagnostic {
	return &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "Something is left at a source", Detail: planner.Remains(release, err.Error())}
}

func (a *Applier) releaseSource(ctx context.Context, lakehouse string, release plan.Release) error {
	source, err := a.formerSource(ctx, release)
	if err != nil {
		return err
	}
	if err := a.connected(source); err != nil {
		return err
	}
	said, err := a.Sources.Release(ctx, release.Provider, planner.SourceConfig(a.Project, lakehouse, source))
	if unserved(err) {
		return nil
	}
	if err == nil && said.HasErrors() {
		err = said
	}
	var diags sdk.Diagnostics
	if errors.As(err, &diags) {
		return fmt.Errorf("the provider %q could not drop it: %w", release.Provider, diags)
	}
	return err
}

// formerSource is a source as it was followed; as it is declared now, where it can't be recalled.
func (a *Applier) formerSource(ctx context.Context, release plan.Release) (*config.Source, error) {
	described, err := a.Schema(ctx, release.Provider)
	if err != nil {
		return nil, err
	}
	source, err := config.Recall(release.Source, release.Definition, described)
	if err == nil {
		return source, nil
	}
	for _, declared := range a.Project.Sources {
		if declared.Addr.String() == release.Source {
			return declared, nil
		}
	}
	return nil, err
}
