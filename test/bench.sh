#!/bin/sh
# The figures: make bench, or test/bench.sh NAME... for some (test/bench.sh -list names them).
# It compares with SQLMesh, plain DuckDB, PyIceberg with Polars, dlt, and ConnectorX, each in test/.tools.
set -eu
cd "$(dirname "$0")/.."
test/tools.sh
if [ ! -x test/.tools/sqlmesh/bin/sqlmesh ]; then
	python3 -m venv test/.tools/sqlmesh
	test/.tools/sqlmesh/bin/pip install --quiet --disable-pip-version-check 'sqlmesh==0.236.*'
fi
databases="duckdb==1.5.5 duckdb-extension-postgres-scanner==1.5.5 pyiceberg[sql-sqlite,pyarrow]==0.12.* connectorx==0.4.6 dlt[parquet,sql-database]==1.31.0 psycopg2-binary"
if [ "$(cat test/.tools/databases/.complete 2>/dev/null)" != "$databases" ]; then
	rm -rf test/.tools/databases
	python3 -m venv test/.tools/databases
	# shellcheck disable=SC2086 # a list of words
	test/.tools/databases/bin/pip install --quiet --disable-pip-version-check $databases
	echo "$databases" >test/.tools/databases/.complete
fi
exec test/.tools/venv/bin/python test/bench/figures.py "$@"
