package config

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"

	"github.com/automic-etl/etl/lang/decode"
	"github.com/automic-etl/etl/lang/diag"
	"github.com/automic-etl/etl/lang/syntax"
)

// Where things live without a lakehouse block.
const (
	defaultCatalog   = ".etl/catalog.db"
	defaultWarehouse = "warehouse"
)

var (
	scheme = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]+://`)
	memory = regexp.MustCompile(`^[0-9]+(\.[0-9]+)? ?(B|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$`)
)

func (l *loader) lakehouse() {
	lake := &l.project.Lakehouse
	lake.CatalogPath = l.absolute(defaultCatalog)
	lake.Warehouse = l.absolute(defaultWarehouse)
	before := len(l.diags)
	for _, h := range l.headers {
		switch {
		case h.kind != "lakehouse":
		case h.second:
			l.place(h, &Lakehouse{})
		default:
			lake.Declared, lake.Range, lake.Partial = true, h.block.DefRange(), lake.Partial || h.broken
			l.place(h, lake)
		}
	}
	lake.Partial = lake.Partial || l.diags[before:].HasErrors()
}

// place reads where state and data live.
func (l *loader) place(h *header, lake *Lakehouse) {
	if settings := l.only("etl"); settings == nil || !syntax.Lost(settings.block.Body) && settings.block.Body.Attributes["project"] == nil {
		l.report(diag.Error(h.block.DefRange(), "Missing name of the project", "With a lakehouse block the project needs a name, as several "+
			"projects may share a lakehouse: write etl { project = \"…\" }."))
	}
	body, diags := decode.Open(h.block, h.spec, nil)
	l.report(diags...)
	if path, at, ok := l.text(body, "warehouse", l.eval); ok && l.local(path, at, "a warehouse") {
		lake.Warehouse = l.absolute(strings.TrimPrefix(path, "file://"))
	}
	for _, block := range body.Of("catalog") {
		l.catalog(block, lake)
	}
	for _, block := range body.Of("compute") {
		l.compute(block, lake)
	}
}

func (l *loader) catalog(block decode.Block, lake *Lakehouse) {
	if l.oneKind(block, "sql", []string{"rest", "glue", "hive"}, "catalog") {
		return
	}
	body, diags := decode.Open(block.Block, block.Spec.Block, nil)
	l.report(diags...)
	if path, at, ok := l.text(body, "path", l.eval); ok && l.local(path, at, "a catalog") {
		lake.CatalogPath = l.absolute(path)
	}
	if uri, at, ok := l.text(body, "uri", l.eval); ok {
		path, sqlite := strings.CutPrefix(uri, "sqlite:///")
		if !sqlite {
			l.report(diag.Unsupported(at, "SQL catalogs other than SQLite are", "Write uri = \"sqlite:///.etl/catalog.db\"."))
			return
		}
		lake.CatalogPath = l.absolute(path)
	}
}

func (l *loader) compute(block decode.Block, lake *Lakehouse) {
	if l.oneKind(block, "duckdb", []string{"spark", "trino"}, "compute") {
		return
	}
	body, diags := decode.Open(block.Block, block.Spec.Block, nil)
	l.report(diags...)
	if limit, at, ok := l.text(body, "memory_limit", l.eval); ok {
		if !memory.MatchString(limit) {
			l.report(diag.Error(at, "Invalid size", "%q is no amount of memory. Write a number and a unit, as in \"4GB\" or \"512MB\".", limit))
		}
		lake.MemoryLimit = limit
	}
	if threads, at, ok := l.whole(body, "threads", l.eval); ok {
		if threads < 1 || threads > 1024 {
			l.report(diag.Error(at, "Invalid number of threads", "The number of threads is between 1 and 1024."))
		}
		lake.Threads = int(threads)
	}
}

// oneKind refuses all kinds of a block but one; it returns whether the block must be left out.
func (l *loader) oneKind(block decode.Block, only string, later []string, what string) bool {
	kind := block.Labels[0]
	if kind == only {
		return false
	}
	for _, name := range later {
		if name == kind {
			l.report(diag.Unsupported(block.LabelRanges[0], "The "+what+" \""+kind+"\" is", "Use "+what+" \""+only+"\"."))
			return true
		}
	}
	l.report(decode.OneOf(kind, []string{only}, what, block.LabelRanges[0]))
	return true
}

// local refuses paths that aren't on this machine's file system.
func (l *loader) local(path string, at hcl.Range, what string) bool {
	if path == "" {
		l.report(diag.Error(at, "Empty path", "The path of %s must not be empty.", what))
		return false
	}
	if scheme.MatchString(path) && !strings.HasPrefix(path, "file:///") {
		l.report(diag.Unsupported(at, "Remote locations are", "Use a folder of the local file system."))
		return false
	}
	return true
}

func (l *loader) absolute(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.opt.Dir, filepath.FromSlash(path))
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path // the working directory is gone: what is opened later says so
	}
	return abs
}

// plain evaluates an attribute whose value is recorded or printed, so that it must not be sensitive.
func (l *loader) plain(body *decode.Body, name string, ctx *hcl.EvalContext) (cty.Value, hcl.Range, bool) {
	spec, described := body.Spec.Attribute(name)
	attr := body.Attributes[name]
	if attr == nil || !described {
		return cty.NilVal, hcl.Range{}, false
	}
	at := attr.Expr.Range()
	v, diags := decode.Value(attr.Expr, spec, ctx)
	l.evaluated(diags)
	if diags.HasErrors() {
		return v, at, false
	}
	if d := decode.Plain(v, name, at); d != nil {
		l.report(d)
		return v, at, false
	}
	return v, at, v.IsWhollyKnown() && !v.IsNull()
}

func (l *loader) text(body *decode.Body, name string, ctx *hcl.EvalContext) (string, hcl.Range, bool) {
	v, at, ok := l.plain(body, name, ctx)
	if !ok {
		return "", at, false
	}
	return v.AsString(), at, true
}

func (l *loader) truth(body *decode.Body, name string, ctx *hcl.EvalContext) bool {
	v, _, ok := l.plain(body, name, ctx)
	return ok && v.True()
}

func (l *loader) whole(body *decode.Body, name string, ctx *hcl.EvalContext) (int64, hcl.Range, bool) {
	v, at, ok := l.plain(body, name, ctx)
	if !ok {
		return 0, at, false
	}
	var n int64
	if err := gocty.FromCtyValue(v, &n); err != nil {
		l.report(diag.Error(at, "Wrong type of value", "The attribute %q takes a whole number.", name))
		return 0, at, false
	}
	return n, at, true
}
