package state

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// python runs a script that prints one JSON document. PyIceberg and DuckDB in it are the other engines of these tests.
func python(t testing.TB, dir, script string, result any) {
	t.Helper()
	interpreter := os.Getenv("ETL_TEST_PYTHON")
	if interpreter == "" {
		interpreter, _ = filepath.Abs("../test/.tools/venv/bin/python")
	}
	if !exists(interpreter) {
		t.Fatalf("%s is missing: run `make test-tools`, or set ETL_TEST_PYTHON to a Python with pyiceberg and duckdb", interpreter)
	}
	const prelude = `
import json, sys, warnings
warnings.simplefilter("ignore")
import pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog("etl", type="sql", uri="sqlite:///" + sys.argv[1], warehouse="file://" + sys.argv[2])
def duck(table, order="all"):
    import duckdb, glob, importlib, os
    db = duckdb.connect(config={"allow_unsigned_extensions": "true", "autoinstall_known_extensions": "false"})
    for name in ("avro", "iceberg"):
        package = importlib.import_module("duckdb_extension_" + name)
        db.execute("load '%s'" % glob.glob(os.path.dirname(package.__file__) + "/extensions/*/*.duckdb_extension")[0])
    db.execute("set enable_progress_bar = false") # it goes to stdout
    db.execute("set timezone = 'UTC'")
    return db.execute(f"select * from iceberg_scan('{table.metadata_location}') order by {order}").fetch_arrow_table().to_pylist()
def out(value): print(json.dumps(value, default=str).replace("NaN", "\"NaN\"").replace("Infinity", "\"Infinity\""))
`
	o := optionsIn(dir)
	cmd := exec.Command(interpreter, "-c", prelude+script, o.CatalogPath, o.Warehouse)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("python: %v", err)
	}
	if result != nil {
		must(t, json.Unmarshal(output, result))
	}
}
