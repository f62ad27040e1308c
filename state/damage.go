package state

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/automic-etl/etl/lang/addr"
)

// CorruptError means that the catalog, or a file that it names, can't be read as what it should be.
type CorruptError struct {
	Path string
	Err  error
	Way  string // the ways out, in full sentences
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged or not what etl wrote: %v.\n\n%s", e.Path, e.Err, e.Way)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// LostCatalogError refuses a catalog that knows no table, while the warehouse holds some: it is no new lakehouse, and tables
// created in it would lie among the files of those.
type LostCatalogError struct {
	Path, Warehouse string
	Found           string   // what there is of the catalog
	Tables          []string // of the warehouse
}

func (e *LostCatalogError) Error() string {
	held := e.Tables
	if len(held) > 5 {
		held = append(slices.Clone(held[:5]), fmt.Sprintf("and %d more", len(e.Tables)-5))
	}
	return fmt.Sprintf("the catalog %s %s, but the warehouse %s holds tables: %s. It can't be told from a catalog that was lost, "+
		"so that nothing was written.\n\n%s", e.Path, e.Found, e.Warehouse, strings.Join(held, ", "), catalogWays(e.Path, e.Warehouse))
}

// catalogWays are the ways out where a catalog is lost.
func catalogWays(path, warehouse string) string {
	ways := "Put the catalog back from a backup.\n\n"
	if tables, err := tablesBelow(warehouse); err == nil && len(tables) > 0 {
		namespace, name, _ := strings.Cut(tables[0], ".")
		newest := newestIn(filepath.Join(warehouse, namespace, name, "metadata"), "")
		ways += fmt.Sprintf("Without one, move what is left of it away, and register the newest metadata file of each table in a new one, which brings "+
			"back all that etl has recorded. With PyIceberg:\n\n"+
			"  catalog = load_catalog(%q, type=\"sql\", uri=\"sqlite:///%s\")\n"+
			"  catalog.create_namespace(%q)\n  catalog.register_table(%q, %q)\n\n", CatalogName, path, namespace, tables[0], newest)
	}
	return ways + fmt.Sprintf("If all tables can be loaded and computed anew, move the catalog and the warehouse %s away, and run `etl apply`", warehouse)
}

// tablesBelow are the names of the tables that lie in a warehouse, as far as their folders tell; etl's own are left out, since
// nothing is lost with them.
func tablesBelow(warehouse string) ([]string, error) {
	found, err := filepath.Glob(filepath.Join(escapeGlob(warehouse), "*", "*", "metadata", "*"+metadataSuffix))
	if err != nil {
		return nil, fmt.Errorf("looking for tables in the warehouse: %w", err)
	}
	var names []string
	for _, path := range found {
		folder := filepath.Dir(filepath.Dir(path))
		if namespace := filepath.Base(filepath.Dir(folder)); namespace != Namespace {
			names = append(names, namespace+"."+filepath.Base(folder))
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// escapeGlob takes the meaning from what a path has of a pattern.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// damagedMetadata is what is wrong with a table's metadata file.
func damagedMetadata(ident addr.Ident, location string, err error) error {
	path := plainLocation(location)
	return &CorruptError{Path: path, Err: fmt.Errorf("it is the metadata of %s, and %w", ident, cause(err)), Way: metadataWays(ident, path)}
}

// metadataWays are the ways out where a table's metadata file is gone or damaged.
func metadataWays(ident addr.Ident, path string) string {
	way := "Put the file back from a backup.\n\n"
	if earlier := newestIn(filepath.Dir(path), filepath.Base(path)); earlier != "" {
		way += fmt.Sprintf("Or return to the newest one that is there. With PyIceberg's catalog:\n\n"+
			"  catalog.drop_table(%q)\n  catalog.register_table(%q, %q)\n\n", ident, ident, earlier)
	}
	return way + fmt.Sprintf("Or forget the table, with catalog.drop_table(%q), which removes no files: the next `etl apply` loads or computes it "+
		"anew, from what its source or its inputs have now", ident)
}

// newestIn is the metadata file with the highest number in a folder, other than the one named; empty if there is none.
func newestIn(folder, except string) string {
	all, err := filesIn(folder, func(name string) bool { return strings.HasSuffix(name, metadataSuffix) && name != except })
	if err != nil || len(all) == 0 {
		return ""
	}
	return slices.MaxFunc(all, func(a, b string) int { return metadataVersion(a) - metadataVersion(b) })
}

// damagedFile is what is wrong with a file that a snapshot names.
func damagedFile(location string, err error) error {
	return &CorruptError{Path: plainLocation(location), Err: cause(err), Way: fileWays}
}

// plainLocation is a location as people write it.
func plainLocation(location string) string {
	if path, err := pathOf(location); err == nil {
		return path
	}
	return location
}

// goneError says that a file is gone, without the words of a system call.
type goneError struct{}

func (goneError) Error() string { return "there is no such file" }

func (goneError) Is(target error) bool { return target == fs.ErrNotExist }

// cause is the reason that a file can't be read, without its path.
func cause(err error) error {
	var failed *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return goneError{}
	case errors.As(err, &failed):
		return failed.Err
	}
	return err
}

// ownWays is the way out where a file of one of etl's own tables is gone or damaged.
func ownWays(ident addr.Ident) string {
	return fmt.Sprintf("Put the file back from a backup. Or forget the table, with PyIceberg's catalog: drop_table(%q). It holds who works on which table "+
		"and which runs there were, no rows of yours; the next `etl apply` makes it anew. No other run may be at work meanwhile", ident)
}

// fileWays is the way out where a file of one snapshot is gone or damaged.
const fileWays = "Put the file back from a backup. Or return the table to a snapshot that doesn't need it, with `etl rollback`; " +
	"`etl history` lists them"
